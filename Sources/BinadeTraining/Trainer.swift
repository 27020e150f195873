import BinadeKernels
import BinadeNetworks

/// Trains a network, step by step.
///
/// Bits are a function of recipe, data and parameters at the start: not of threads or instruction sets.
///
/// ```swift
/// let trainer = try Trainer(graph, parameters, images: images, normalization: normalization, recipe: recipe)
/// while !trainer.isDone { try trainer.step() }
/// ```
///
/// Not Sendable: one owner.
public final class Trainer {
  /// What is trained.
  public let graph: NetworkGraph
  /// How.
  public let recipe: TrainingRecipe
  /// As they are after the last step.
  public internal(set) var parameters: NetworkParameters
  /// Steps done.
  public internal(set) var stepCount = 0
  /// Steps of an epoch.
  public var stepsPerEpoch: Int { stream.stepsPerEpoch }
  /// Steps of the run.
  public var totalStepCount: Int { stepsPerEpoch * recipe.epochs }
  /// Whether all steps are done.
  public var isDone: Bool { stepCount >= totalStepCount }

  let plan: TrainingPlan
  let stream: BatchStream
  let teacher: (plan: TrainingPlan, parameters: NetworkParameters)?
  /// The quantizers of layers; nil where none is quantized.
  package let quantized: QuantizedTraining?
  /// Of images and labels, for checkpoints.
  let dataFingerprint: UInt64
  var state: OptimizerState
  var average: [Float]?
  private let threads: Int
  private let pool = BufferPool()
  private let scratch = ScratchPool()
  private var gradient: [Float]
  private var order: (epoch: Int, images: [Int]) = (-1, [])

  /// A run at its beginning.
  ///
  /// `teacher`: a network with as many classes on the same images, whose outputs the trained one imitates. `quantization`: what each
  /// layer with weights becomes; none for a network that stays as it is.
  ///
  /// Throws for a recipe that makes no sense, a batch larger than the data or the memory, images or labels that do not fit, and formats that
  /// cannot be trained.
  public convenience init(
    _ graph: NetworkGraph,
    _ parameters: NetworkParameters,
    images: ImageDataset,
    normalization: Normalization,
    recipe: TrainingRecipe,
    teacher: (graph: NetworkGraph, parameters: NetworkParameters)? = nil,
    quantization: [LayerQuantization?] = [],
    threads: Int = 1,
    features: CPUFeatures = .detected
  ) throws(TrainingError) {
    try self.init(
      graph,
      parameters,
      images: images,
      normalization: normalization,
      recipe: recipe,
      teacher: teacher,
      quantization: quantization,
      fusions: .all,
      threads: threads,
      features: features
    )
  }

  /// The same, with passes by themselves that are not among `fusions`.
  ///
  /// `memory`: bytes that the maps of a batch may take.
  package init(
    _ graph: NetworkGraph,
    _ parameters: NetworkParameters,
    images: ImageDataset,
    normalization: Normalization,
    recipe: TrainingRecipe,
    teacher: (graph: NetworkGraph, parameters: NetworkParameters)? = nil,
    quantization: [LayerQuantization?] = [],
    fusions: TrainingFusions,
    threads: Int = 1,
    features: CPUFeatures = .detected,
    memory: Int = MachineMemory.byteCount
  ) throws(TrainingError) {
    for graph in [graph] + (teacher.map { [$0.graph] } ?? []) {
      guard images.imageShape == graph.inputShape else {
        throw .imagesDoNotFit(network: "\(graph.inputShape)", data: "\(images.imageShape)")
      }
      guard images.classCount <= graph.outputCount else {
        throw .labelsOutside(classCount: graph.outputCount, data: images.classCount)
      }
    }
    if let teacher, teacher.graph.outputCount != graph.outputCount {
      throw .otherTeacher(classCount: graph.outputCount, teacher: teacher.graph.outputCount)
    }
    guard recipe.rounding == .nearestEven || recipe.precision == .bfloat16 else {
      throw .invalidRecipe(
        parameter: "rounding",
        found: recipe.rounding.rawValue,
        allowed: "nearestEven with precision float32, whose operands are not rounded"
      )
    }
    guard recipe.precision == .float32 || !quantization.contains(where: { $0?.gradients != nil }) else {
      throw .invalidRecipe(
        parameter: "precision",
        found: "bfloat16 with gradients of another format",
        allowed: "float32, where gradients are rounded once"
      )
    }
    guard recipe.batch <= images.count else {
      throw .batchTooLarge(batch: recipe.batch, imageCount: images.count)
    }
    self.graph = graph
    self.parameters = parameters
    self.recipe = recipe
    self.threads = threads
    // What is rounded at random, or to codes, is rounded once, as an operand: maps are float32 then.
    let storesHalves =
      recipe.precision == .bfloat16 && recipe.rounding == .nearestEven && quantization.isEmpty
    plan = TrainingPlan(
      graph,
      precision: recipe.precision,
      element: storesHalves ? .bfloat16 : .float32,
      fusions: fusions,
      features: features
    )
    let perImage = max(1, plan.keptByteCountPerImage)
    let (byteCount, overflows) = recipe.batch.multipliedReportingOverflow(by: perImage)
    guard !overflows, byteCount <= memory else {
      throw .batchNeedsMemory(
        batch: recipe.batch,
        byteCount: overflows ? .max : byteCount,
        available: memory,
        greatest: memory / perImage
      )
    }
    self.teacher = teacher.map { (TrainingPlan($0.graph, features: features), $0.parameters) }
    stream = BatchStream(
      images: images,
      normalization: normalization,
      augmentation: recipe.augmentation,
      batch: recipe.batch,
      seed: recipe.seed,
      dropsLast: recipe.dropsLast
    )
    let stepCount = stream.stepsPerEpoch * recipe.epochs
    let trackedStepCount = Int((recipe.trackedShare * Double(stepCount)).rounded(.up))
    guard trackedStepCount < stepCount || !quantization.contains(where: { $0?.method.tracksInputs == true })
    else {
      throw .invalidRecipe(
        parameter: "trackedShare",
        found: "\(recipe.trackedShare), \(trackedStepCount) of \(stepCount) steps",
        allowed: "so little, or so many epochs, that steps with frozen bounds are left"
      )
    }
    do {
      quantized =
        try quantization.isEmpty
        ? nil
        : QuantizedTraining(
          plan,
          quantization,
          trackedStepCount: trackedStepCount,
          seed: recipe.seed
        )
    } catch {
      throw .quantization(reason: "\(error)")
    }
    if let search = quantized, recipe.search.formats != nil {
      guard recipe.quantization == .sat else {
        throw .invalidRecipe(
          parameter: "quantization",
          found: recipe.quantization.rawValue,
          allowed: "sat where formats are searched"
        )
      }
      try search.beginSearch(recipe.search, stepCount: Int(recipe.search.share * Double(stepCount)))
    }
    if recipe.precision == .bfloat16, let operand = quantized?.operandRoundedByBFloat16 {
      throw .invalidRecipe(
        parameter: "precision",
        found: "bfloat16 where \(operand)",
        allowed: "float32; with bfloat16, weights and activations of all layers whole numbers up to 255 steps"
      )
    }
    state = OptimizerState(
      recipe.optimizer,
      parameters.layout,
      weightDecay: recipe.weightDecay,
      scope: recipe.weightDecayScope
    )
    dataFingerprint = images.fingerprint
    average = recipe.averageDecay == nil ? nil : parameters.values
    gradient = Array(repeating: 0, count: parameters.layout.count)
  }

  /// What to evaluate: the average of the weights where the recipe keeps one, else the parameters.
  public var evaluated: NetworkParameters {
    guard let average else { return parameters }
    var parameters = parameters
    parameters.withUnsafeMutableValues { values in
      for entry in plan.parameters.entries where entry.role.isTrainable {
        for place in entry.range { values[place] = average[place] }
      }
    }
    return parameters
  }

  /// What is exported: as ``evaluated``, with the weights that quantizers read where those normalise them first.
  package var exportedParameters: NetworkParameters { quantized?.exported(evaluated).parameters ?? evaluated }

  /// The network as it is deployed: running statistics, frozen quantizers, batch norm behind the sums.
  ///
  /// Quantized, it gives the bits of the training network. Channels that a search left no bits are not in it.
  ///
  /// Throws what `CompiledNetwork` throws.
  public func deployed() throws -> CompiledNetwork {
    guard let quantized else { return CompiledNetwork(FoldedNetwork(graph, evaluated)) }
    guard !quantized.isSearching else {
      throw TrainingError.quantization(
        reason: "formats are still searched: mixtures of formats are not deployed; they are chosen after "
          + "step \(quantized.search?.stepCount ?? 0)"
      )
    }
    if let pruning {
      let (parameters, state) = quantized.exported(evaluated)
      let quantizers = TrainedQuantizers(quantized.quantizations, state: state)
      return try quantizers.compiled(pruning.graph(graph), pruning.parameters(parameters, of: graph))
    }
    let network = FoldedNetwork(graph, evaluated, placement: .epilogue)
    return try CompiledNetwork(network, operands: quantized.operands(network))
  }

  /// Training images, and what they are called.
  public var imageCount: Int { stream.images.count }
  /// What the training images are called.
  public var imageName: String { stream.images.name }
  /// The kernel of the products, for reports.
  public var kernelName: String {
    // The names in the order of the layers that they come up in, each once.
    plan.layers.reduce(into: [String]()) { names, layer in
      let name = layer.convolution.kernelName
      if !names.contains(name) { names.append(name) }
    }.joined(separator: " and ")
  }

  /// Bytes of the maps of a step.
  package var mapByteCount: Int { pool.byteCount }

  /// Trains on the next batch.
  ///
  /// Throws ``TrainingError/notFinite(step:what:)`` when the loss or a layer's sums are not finite; parameters are then as
  /// before.
  @discardableResult
  public func step() throws(TrainingError) -> StepReport {
    let epoch = stepCount / stepsPerEpoch
    if order.epoch != epoch {
      order = (epoch, EpochOrder.images(count: stream.images.count, epoch: epoch, seed: recipe.seed))
    }
    let numbers = Array(stream.images(ofStep: stepCount, order: order.images))
    let images = PooledMap(numbers.count * graph.inputShape.count, from: pool)
    let labels = stream.fill(images.base, numbers, epoch: epoch, threads: threads)
    let values = recipe.schedule.values(
      at: stepCount,
      of: totalStepCount,
      learningRate: recipe.learningRate,
      momentum: recipe.optimizer.momentum
    )
    let report = try step(images, labels: labels, values)
    stepCount += 1
    return report
  }

  /// Trains on images that are given, without counting a step of the run.
  ///
  /// - Shape: `images` holds labels.count x height x width x channels.
  @discardableResult
  package func step(images: [Float], labels: [Int], values: StepValues) throws(TrainingError) -> StepReport {
    precondition(images.count == labels.count * graph.inputShape.count, "images of \(graph.inputShape)")
    let map = PooledMap(images.count, from: pool)
    images.withUnsafeBufferPointer {
      if let base = $0.baseAddress { map.base.update(from: base, count: $0.count) }
    }
    return try step(map, labels: labels, values)
  }

  /// The logits of images, with the parameters that are evaluated.
  ///
  /// `usesRunningStatistics`: as inference does; otherwise batch norm uses the images' own.
  ///
  /// - Shape: `images` is images x height x width x channels, the result images x classes.
  package func logits(images: [Float], usesRunningStatistics: Bool) -> [Float] {
    let count = images.count / graph.inputShape.count
    let map = PooledMap(images.count, from: pool)
    images.withUnsafeBufferPointer {
      if let base = $0.baseAddress { map.base.update(from: base, count: $0.count) }
    }
    let pass = TrainingPass(
      plan,
      imageCount: count,
      pool: pool,
      scratch: scratch,
      threads: threads,
      usesRunningStatistics: usesRunningStatistics,
      quantized: quantized
    )
    quantized?.step = nil
    let logits = pass.forward(map, evaluated)
    return (0..<count * graph.outputCount).map { logits.base[$0] }
  }

  /// Loses part of the state of the run, for tests that see it missed.
  package func forget(_ part: String) {
    switch part {
    case "momentum": state.buffers = state.buffers.map { $0.map { _ in 0 } }
    case "average": average = parameters.values
    default: stepCount = 0
    }
  }

  /// The gradient of the last step, in the layout of the parameters.
  package var lastGradient: [Float] { gradient }

  private func step(_ images: PooledMap, labels: [Int], _ values: StepValues) throws(TrainingError)
    -> StepReport
  {
    let isStochastic = recipe.precision == .bfloat16 && recipe.rounding == .stochastic
    let pass = TrainingPass(
      plan,
      imageCount: labels.count,
      pool: pool,
      scratch: scratch,
      threads: threads,
      stochastic: isStochastic ? StochasticOperands(seed: recipe.seed, step: stepCount) : nil,
      quantized: quantized
    )
    try chooseFormats()
    quantized?.step = stepCount
    let wanted = teacher.map { teacher in
      let pass = TrainingPass(
        teacher.plan,
        imageCount: labels.count,
        pool: pool,
        scratch: scratch,
        threads: threads,
        usesRunningStatistics: true
      )
      return pass.forward(images, teacher.parameters)
    }
    let logits = pass.forward(images, parameters)
    if let failure = quantized?.failure { throw .quantization(reason: "\(failure)") }
    let (loss, correctCount, upstream) = self.loss(logits, wanted, labels)
    guard loss.isFinite else {
      let place = pass.firstNonFiniteLayer.map { ", first in the sums of '\($0)'" } ?? ""
      throw .notFinite(step: stepCount, what: "the loss is not finite\(place)")
    }
    pass.backward(upstream, parameters, into: &gradient)
    maskPruned(&gradient)
    let norm = GradientClipping.apply(recipe.clipping, to: &gradient, plan.parameters)
    guard norm.isFinite else { throw .notFinite(step: stepCount, what: "the gradient is not finite") }
    state.update(&parameters, gradient, values)
    quantized?.update(values)
    updateStatistics(pass)
    updateAverage()
    return StepReport(
      loss: loss,
      correctCount: correctCount,
      imageCount: labels.count,
      learningRate: values.learningRate,
      gradientNorm: norm
    )
  }

  /// The mean loss, how many images are right, and the gradient of the logits.
  private func loss(_ logits: PooledMap, _ wanted: PooledMap?, _ labels: [Int]) -> (Double, Int, PooledMap) {
    let classes = graph.outputCount
    let upstream = PooledMap(labels.count * classes, from: pool)
    var softmax = SoftmaxLoss(labelSmoothing: recipe.labelSmoothing)
    softmax.distillation = recipe.distillation
    var (total, correctCount) = (0.0, 0)
    var gradient = [Double](repeating: 0, count: classes)
    for (image, label) in labels.enumerated() {
      func row(_ map: PooledMap) -> [Double] { (0..<classes).map { Double(map.base[image * classes + $0]) } }
      let scores = row(logits)
      total += softmax.loss(
        scores,
        label: label,
        teacher: wanted.map(row),
        batch: labels.count,
        gradient: &gradient
      )
      if scores.indices.allSatisfy({ $0 == label || scores[$0] < scores[label] }) { correctCount += 1 }
      for index in 0..<classes { upstream.base[image * classes + index] = Float(gradient[index]) }
    }
    return (total / Double(labels.count), correctCount, upstream)
  }

  /// Moves running statistics towards the batch's, the variance unbiased.
  private func updateStatistics(_ pass: TrainingPass) {
    let share = recipe.statisticsMomentum
    parameters.withUnsafeMutableValues { values in
      for (stage, statistics) in pass.statistics.enumerated() {
        guard let statistics, let index = plan.layer(ofStage: stage),
          let normalization = plan.layers[index].normalization
        else { continue }
        let count = Double(pass.imageCount * plan.layers[index].shape.outputPixelCount)
        let bias = plan.layers[index].bias
        for channel in statistics.mean.indices {
          let (mean, variance) = (
            normalization.mean.lowerBound + channel, normalization.variance.lowerBound + channel
          )
          let real = statistics.real(channel)
          let own = real.mean + (bias.map { Double(values[$0.lowerBound + channel]) } ?? 0)
          values[mean] = Float((1 - share) * Double(values[mean]) + share * own)
          let unbiased = real.variance * count / max(1, count - 1)
          values[variance] = Float((1 - share) * Double(values[variance]) + share * unbiased)
        }
      }
    }
  }

  private func updateAverage() {
    guard let decay = recipe.averageDecay.map({ Float($0) }), var average else { return }
    self.average = nil
    for place in average.indices {
      average[place] = decay * average[place] + (1 - decay) * parameters.values[place]
    }
    self.average = average
  }
}

/// What a step found.
public struct StepReport: Sendable, Hashable {
  /// The mean over the images.
  public let loss: Double
  /// Images whose class has the greatest logit.
  public let correctCount: Int
  /// Images of the batch.
  public let imageCount: Int
  /// Of the step.
  public let learningRate: Double
  /// Euclidean, before clipping.
  public let gradientNorm: Double
}
