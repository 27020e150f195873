import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization

/// A network, its images and its float32 results: what configurations are measured against.
///
/// Calibration and the float32 baseline run once, then every configuration uses them.
public struct Experiment: Sendable {
  /// Sizes of an experiment.
  public struct Options: Sendable {
    /// Images to calibrate with.
    public var calibrationImageCount: Int
    /// Images for recipes that round weights by what becomes of a layer's output.
    public var roundingImageCount: Int
    /// Evaluation images on which the errors of activations are measured.
    public var errorImageCount: Int
    /// How intervals of measures of outputs are found.
    public var bootstrap: Bootstrap
    /// Threads; results do not depend on them.
    public var threads: Int

    /// Creates options.
    ///
    /// `roundingImageCount`: nil for as many as scales are found on.
    public init(
      calibrationImageCount: Int = 256,
      roundingImageCount: Int? = nil,
      errorImageCount: Int = 64,
      bootstrap: Bootstrap = Bootstrap(),
      threads: Int
    ) {
      self.calibrationImageCount = calibrationImageCount
      self.roundingImageCount = roundingImageCount ?? calibrationImageCount
      self.errorImageCount = errorImageCount
      self.bootstrap = bootstrap
      self.threads = threads
    }
  }

  /// The network.
  public let model: Model
  /// Runs it over the images.
  public let evaluator: Evaluator
  /// What the float32 network gets right.
  public let baseline: Predictions
  /// The logits of the float32 network, images x classes.
  public let baselineLogits: [Float]
  /// The images that scales are found on, and whether they are evaluation images.
  public let calibrationImages: ImageDataset
  /// The images of recipes that round weights by the output.
  public let roundingImages: ImageDataset
  /// True when the data have no training images and the first evaluation images stand in, without labels.
  public let calibratesOnEvaluationImages: Bool
  private let options: Options
  let statistics: ActivationStatistics?
  let cache = CodecCache()

  /// Runs the float32 network: on the images to evaluate and on those to calibrate with.
  ///
  /// Throws `NetworkError` when the images do not fit the network, and ``ExperimentError`` when there is nothing
  /// to evaluate or to calibrate with.
  public init(
    model: Model,
    data: DatasetFolder,
    imageLimit: Int?,
    options: Options,
    progress: @Sendable (Int) -> Void = { _ in }
  ) throws {
    let images = imageLimit.map { data.evaluation.prefix($0) } ?? data.evaluation
    guard images.imageShape == model.network.inputShape else {
      throw NetworkError.inputMismatch(
        model: "\(model.network.inputShape)",
        data: "\(images.imageShape)"
      )
    }
    guard images.classCount <= model.network.outputCount else {
      throw NetworkError.inputMismatch(
        model: "\(model.network.outputCount) classes",
        data: "\(images.classCount) classes"
      )
    }
    guard images.count > 0 else { throw ExperimentError.noImages }
    self.model = model
    self.options = options
    calibrationImages = (data.training ?? images).prefix(options.calibrationImageCount)
    roundingImages = (data.training ?? images).prefix(options.roundingImageCount)
    calibratesOnEvaluationImages = data.training == nil
    evaluator = Evaluator(
      images: images,
      normalization: model.normalization,
      threads: options.threads
    )
    baselineLogits = evaluator.logits(of: CompiledNetwork(model.network), progress: progress)
    baseline = Predictions(logits: baselineLogits, labels: images.labels)
    statistics =
      calibrationImages.count == 0
      ? nil
      : ActivationStatistics(
        model.network,
        images: calibrationImages,
        normalization: model.normalization,
        threads: options.threads
      )
  }

  /// How intervals of measures of outputs are found.
  public var bootstrap: Bootstrap { options.bootstrap }

  /// Images classified per configuration.
  public var imageCount: Int { evaluator.images.count }

  /// Compiles the network in a configuration, with scales found on the calibration images.
  ///
  /// Throws ``ExperimentError`` when scales are needed and there are no images, and `QuantizationFailure` when a
  /// tensor cannot be quantized.
  public func compile(
    _ configuration: Configuration,
    layerDone: (Int) -> Void = { _ in }
  ) throws -> CompiledNetwork {
    if let trained = configuration.trained {
      return try trained.compiled(model.architecture.graph, model.parameters)
    }
    if let recipe = configuration.recipe {
      try configuration.checkRecipe()
      let online = configuration.onlineBatchSize.map { evaluator.images.prefix($0) }
      return try compile(configuration, recipe, images: online ?? self.images(of: recipe), layerDone)
    }
    if configuration.quantizesActivations, statistics == nil {
      throw ExperimentError.noCalibrationImages
    }
    return try CompiledNetwork(
      model.network,
      assignments: configuration.assignments(model.network.layers.map(\.name)),
      statistics: statistics,
      cache: cache
    )
  }

  /// The images that a recipe is carried out with.
  func images(of recipe: PostTrainingRecipe) -> ImageDataset {
    recipe.weightRounding == .nearest ? calibrationImages : roundingImages
  }

  private func compile(
    _ configuration: Configuration,
    _ recipe: PostTrainingRecipe,
    images: ImageDataset,
    _ layerDone: (Int) -> Void = { _ in }
  ) throws -> CompiledNetwork {
    let quantizer = try quantizer(configuration, recipe, images: images, layerDone)
    return try CompiledNetwork(
      quantizer.network,
      operands: quantizer.operands,
      accumulator: configuration.accumulator,
      notes: quantizer.notes
    )
  }

  /// Carries out a recipe.
  func quantizer(
    _ configuration: Configuration,
    _ recipe: PostTrainingRecipe,
    images: ImageDataset,
    _ layerDone: (Int) -> Void = { _ in }
  ) throws -> PostTrainingQuantizer {
    try PostTrainingQuantizer(
      model.network,
      recipe: recipe,
      targets: configuration.targets(model.network.layers.map(\.name), recipe: recipe),
      images: images,
      normalization: model.normalization,
      threads: options.threads,
      cache: cache,
      progress: layerDone
    )
  }

  /// Classifies batch by batch, each with ranges of its own.
  private func onlineLogits(
    _ configuration: Configuration,
    _ recipe: PostTrainingRecipe,
    batchSize: Int,
    progress: @Sendable (Int) -> Void
  ) throws -> [Float] {
    precondition(batchSize > 0, "batches of \(batchSize) images")
    var logits: [Float] = []
    for first in stride(from: 0, to: imageCount, by: batchSize) {
      let batch = evaluator.images.slice(first..<min(first + batchSize, imageCount))
      let network = try compile(configuration, recipe, images: batch)
      let part = Evaluator(images: batch, normalization: model.normalization, threads: options.threads)
      logits += part.logits(of: network, progress: progress)
    }
    return logits
  }

  private func logits(
    of compiled: CompiledNetwork,
    _ configuration: Configuration,
    progress: @Sendable (Int) -> Void
  ) throws -> [Float] {
    if configuration.isFloat32 { return baselineLogits }
    if let recipe = configuration.recipe, let batchSize = configuration.onlineBatchSize {
      return try onlineLogits(configuration, recipe, batchSize: batchSize, progress: progress)
    }
    return evaluator.logits(of: compiled, progress: progress)
  }

  /// Compiles the network in a configuration, classifies every image and measures every layer.
  ///
  /// `layerDone`: called with the number of layers that post-training quantization has done.
  /// `foretell`: called before images are run when layers fall to the scalar reference, with about the seconds it takes.
  /// `compiled`: called with the network before it is run; with batches that have ranges of their own, the first one.
  /// `progress`: called from any thread with a number of images just done.
  public func run(
    _ configuration: Configuration,
    layerDone: (Int) -> Void = { _ in },
    foretell: (ReferenceForecast, Double) -> Void = { _, _ in },
    compiled compiledDone: (CompiledNetwork) throws -> Void = { _ in },
    progress: @Sendable (Int) -> Void = { _ in }
  ) throws -> EvaluationResult {
    var configuration = configuration
    configuration.dropFloat32()
    let layers = model.network.layers
    let assignments = try configuration.assignments(layers.map(\.name))
    func quantizer(_ specification: QuantizerSpecification?) -> String {
      specification.map(configuration.text) ?? "float32"
    }
    let compiled = try compile(configuration, layerDone: layerDone)
    if let forecast = compiled.referenceForecast {
      let images = imageCount + min(options.errorImageCount, imageCount)
      foretell(forecast, forecast.seconds(imageCount: images, threads: options.threads))
    }
    try compiledDone(compiled)
    let logits = try logits(of: compiled, configuration, progress: progress)
    let labels = evaluator.images.labels
    let predictions = Predictions(logits: logits, labels: labels)
    let mcNemar = McNemarTest(baseline, predictions)
    // Ranges of a batch are those of its own images.
    let errorImageCount = min(options.errorImageCount, configuration.onlineBatchSize ?? .max)
    let activationErrors = evaluator.activationErrors(
      of: compiled,
      limit: errorImageCount
    )
    let weightErrors = layers.indices.map { compiled.weightError(ofLayer: $0) }
    let tensors = ResultWarnings.tensors(
      layers,
      assignments,
      weightErrors: weightErrors,
      activationErrors: activationErrors
    )
    let row = configuration.formatsOfRow(layers.map(\.shape), assignments)
    return EvaluationResult(
      model: model.name,
      data: evaluator.images.name,
      weights: row.weights,
      activations: row.activations,
      ends: configuration.ends.map {
        "\(configuration.text($0.weights)) \(configuration.text($0.activations))"
      },
      assignment: configuration.layers.isEmpty ? nil : configuration.layers.text,
      recipe: configuration.recipeText,
      notes: compiled.notes,
      warnings: ResultWarnings.sentences(
        tensors,
        nonFiniteImageCount: ResultWarnings.nonFiniteImageCount(logits, imageCount: predictions.count),
        imageCount: predictions.count
      ),
      family: row.family,
      weightBitWidth: row.weightBitWidth,
      activationBitWidth: row.activationBitWidth,
      imageCount: predictions.count,
      top1Accuracy: Double(predictions.top1Count) / Double(predictions.count),
      top1Interval: WilsonInterval(successes: predictions.top1Count, of: predictions.count),
      top5Accuracy: Double(predictions.top5Count) / Double(predictions.count),
      top5Interval: WilsonInterval(successes: predictions.top5Count, of: predictions.count),
      top1Change: Double(predictions.top1Count - baseline.top1Count) / Double(predictions.count),
      mcNemar: mcNemar,
      top1ChangeInterval: PairedDifferenceInterval(
        onlyFirst: mcNemar.onlyFirst,
        onlySecond: mcNemar.onlySecond,
        count: predictions.count
      ),
      top1Outcomes: predictions.top1Outcomes,
      outputs: OutputMeasures(
        logits: logits,
        reference: baselineLogits,
        labels: labels,
        bootstrap: options.bootstrap,
        threads: options.threads
      ),
      weightSignalToQuantizationNoiseInDecibels: Self.total(weightErrors),
      activationSignalToQuantizationNoiseInDecibels: Self.total(activationErrors),
      cost: Cost(
        model.architecture.graph,
        widths: assignments.map(Configuration.widths),
        scaleMemoryBits: compiled.scaleMemoryBits,
        weightMemoryBits: compiled.weightMemoryBits
      ),
      layers: layerResults(
        compiled,
        assignments,
        quantizer,
        weightErrors: weightErrors,
        activationErrors: activationErrors
      ),
      provenance: EvaluationResult.Provenance(
        binadeVersion: BinadeVersion.current,
        cpuFeatures: CPUFeatures.detected.names,
        calibrationImages: configuration.onlineBatchSize.map {
          "batches of \($0) evaluated images, each its own"
        }
          ?? (configuration.trained == nil
            ? calibrationOrigin(configuration.recipe) : "none: scales of training"),
        errorImageCount: min(errorImageCount, imageCount),
        modelFile: model.file,
        accumulator: configuration.accumulator?.description
      )
    )
  }

  /// Which images scales, or a recipe, come from.
  func calibrationOrigin(_ recipe: PostTrainingRecipe?) -> String {
    let images = recipe.map { self.images(of: $0) } ?? calibrationImages
    guard images.count > 0 else { return "none" }
    return "\(images.count) images of \(images.name)"
      + (calibratesOnEvaluationImages ? " (the data set has no training images)" : "")
  }

  private static func total(_ errors: [QuantizationError?]) -> Double? {
    var total = QuantizationError()
    for case let error? in errors { total += error }
    return total.signalToQuantizationNoiseInDecibels
  }

  private func layerResults(
    _ compiled: CompiledNetwork,
    _ assignments: [LayerAssignment],
    _ quantizer: (QuantizerSpecification?) -> String,
    weightErrors: [QuantizationError?],
    activationErrors: [QuantizationError?]
  ) -> [EvaluationResult.LayerResult] {
    compiled.explanation.enumerated().map { index, explanation in
      EvaluationResult.LayerResult(
        name: explanation.layer,
        datapath: explanation.datapath,
        datapathReason: explanation.reason,
        kernel: explanation.kernel,
        accumulatorWarnings: compiled.accumulatorWarnings(ofLayer: index),
        multiplyAccumulateCount: model.network.layers[index].shape.multiplyAccumulateCount,
        weights: weightErrors[index].map {
          EvaluationResult.TensorError(
            $0,
            quantizer: quantizer(assignments[index].weights),
            zeroPoint: compiled.zeroPoints(ofLayer: index).weights
          )
        },
        activations: activationErrors[index].map {
          EvaluationResult.TensorError(
            $0,
            quantizer: quantizer(assignments[index].activations),
            zeroPoint: compiled.zeroPoints(ofLayer: index).activations
          )
        }
      )
    }
  }
}

/// Why an experiment cannot start.
public enum ExperimentError: Error, Sendable, Hashable, CustomStringConvertible {
  case noImages
  case noCalibrationImages

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .noImages:
      "there are no images to evaluate; the limit must be at least 1"
    case .noCalibrationImages:
      "activations cannot be quantized without calibration images; give at least 1"
    }
  }
}
