import BinadeKernels
import BinadeQuantization

/// Quantizes a trained network by a recipe: no labels, no training.
public struct PostTrainingQuantizer: Sendable {
  /// The network, equalized if the recipe says so.
  public let network: FoldedNetwork
  /// What its layers multiply and add.
  public private(set) var operands: [LayerOperands]

  /// What is peculiar about tensors: constant ones, channels that are zero throughout.
  public private(set) var notes: [String] = []

  /// Called with the number of layers done.
  public typealias Progress = (Int) -> Void

  /// Quantizes every layer, in the order of computation.
  ///
  /// `targets`: one per layer.
  /// `images`: to calibrate with; labels are not looked at.
  ///
  /// Throws ``PostTrainingError``, and `QuantizationFailure` when there are no images or an input is not finite.
  ///
  /// - Complexity: two inferences per image and layer for recipes that round by the layer's output, one otherwise. The
  ///   outcome does not depend on `threads`.
  /// - Precondition: one target per layer.
  public init(
    _ network: FoldedNetwork,
    recipe: PostTrainingRecipe,
    targets: [LayerTarget],
    images: ImageDataset,
    normalization: Normalization,
    threads: Int,
    cache: CodecCache = CodecCache(),
    progress: Progress = { _ in }
  ) throws {
    precondition(targets.count == network.layers.count, "one target for each of the layers")
    for target in targets where !target.isEnd { try recipe.check(target) }
    let formats = try targets.map { try RecipeFormats($0) }
    let network = recipe.equalizesLayers ? network.equalized() : network
    self.network = network
    operands = network.layers.map { LayerOperands($0) }
    notes = Self.notes(recipe, formats)
    let calibration = CalibrationRun(images: images, normalization: normalization, threads: threads)
    let inputMeans = try Self.inputMeans(network, recipe, targets)
    try Self.requirePatches(network, recipe, targets, images)
    let inputs = try inputQuantizers(recipe, targets, formats, calibration, cache)
    let float = CompiledNetwork(network)
    for (index, target) in targets.enumerated() {
      let layer = network.layers[index]
      operands[index].activations = inputs[index]
      if !target.isEnd { operands[index].activations?.rotation = recipe.rotation }
      if let format = formats[index].weights {
        notes += Self.notes(layer)
        // Vectors have scales inside the sum anyway.
        operands[index].absorbsInputScales =
          inputs[index]?.scales.isPerChannel ?? false && recipe.putsInputScalesIntoWeights && !format.isBlocks
          && (!recipe.usesVectorScales || target.isEnd)
        let prepared = operands[index].prepared(layer)
        let weights = WeightQuantization(layer: prepared, recipe: recipe, target: target, cache: cache)
        if recipe.roundsByOutput(target) {
          try roundByOutput(index, weights, format, float, calibration)
        } else {
          operands[index].weights = .coded(try weights.nearest(format))
        }
        if let means = inputMeans[index] { operands[index].removeShift(from: layer, inputMeans: means) }
      }
      progress(index + 1)
    }
    let keeping = zip(network.layers, operands).filter { $0.1.keepsInputScales }.map(\.0.name)
    if !keeping.isEmpty {
      notes.append(
        "scales of input channels stay with the inputs in \(keeping.count) of \(operands.count) layers, which no integer "
          + "hardware carries: part 'absorbed' puts them into the weights"
      )
    }
  }

  /// What a recipe leaves out for formats that it is not defined for.
  private static func notes(_ recipe: PostTrainingRecipe, _ formats: [RecipeFormats]) -> [String] {
    guard recipe.allocatesBits else { return [] }
    let names = formats.flatMap { [$0.weights, $0.activations] }.compactMap { $0 }
      .filter { !$0.hasOtherWidths }.map(\.name)
    return names.isEmpty
      ? []
      : [
        "'best' without 'alloc' for \(Set(names).sorted().joined(separator: ", ")): bits of one's own for every channel are "
          + "defined for evenly spaced formats alone"
      ]
  }

  /// Images to calibrate with, and how they are run.
  private struct CalibrationRun {
    let images: ImageDataset
    let normalization: Normalization
    let threads: Int
  }

  /// What the inputs of all layers go through.
  private mutating func inputQuantizers(
    _ recipe: PostTrainingRecipe,
    _ targets: [LayerTarget],
    _ formats: [RecipeFormats],
    _ calibration: CalibrationRun,
    _ cache: CodecCache
  ) throws -> [Quantizer?] {
    var inputs = [Quantizer?](repeating: nil, count: targets.count)
    guard formats.contains(where: { $0.activations != nil }) else { return inputs }
    let statistics = try PreactivationStatistics(
      network,
      images: calibration.images,
      normalization: calibration.normalization,
      threads: calibration.threads
    )
    var dead: [String] = []
    for (index, target) in targets.enumerated() {
      guard let format = formats[index].activations else { continue }
      let ranges = InputRanges(
        samples: statistics.samples[index],
        isRectified: statistics.isRectified[index],
        name: "\(network.layers[index].name).input",
        weightLengths: network.layers[index].inputChannelLengths
      )
      if let value = ranges.constant {
        notes.append("\(ranges.name): is \(value) throughout on all images looked at")
      } else if ranges.deadChannelCount > 0 {
        dead.append("\(ranges.name) (\(ranges.deadChannelCount) of \(ranges.samples.count))")
      }
      inputs[index] = try ranges.quantizer(
        target.isEnd ? PostTrainingRecipe() : recipe,
        format,
        cache: cache
      )
    }
    if !dead.isEmpty {
      notes.append(
        "channels that are zero throughout on all images looked at: \(dead.joined(separator: ", "))"
      )
    }
    return inputs
  }

  /// Rounds the weights of a layer so that its output changes least, given all layers before it, and sets its bias.
  private mutating func roundByOutput(
    _ index: Int,
    _ weights: WeightQuantization,
    _ format: RecipeFormat,
    _ float: CompiledNetwork,
    _ calibration: CalibrationRun
  ) throws {
    let layer = network.layers[index]
    let shape = layer.shape
    var moments = PatchMoments(
      layer: index,
      float: float,
      quantized: try CompiledNetwork(network, operands: operands),
      input: operands[index].activations,
      images: calibration.images,
      normalization: calibration.normalization,
      threads: calibration.threads
    )
    if operands[index].absorbsInputScales, let inputs = operands[index].activations {
      moments = moments.absorbing(
        (0..<shape.depth).map {
          Double(inputs.scales[shape.inputChannel(ofWeight: $0)]) / Double(inputs.greatestScale)
        }
      )
    }
    let tensor = try weights.byOutput(
      format,
      layer.rows.map { moments.problem(weights: $0) },
      threads: calibration.threads
    )
    let rounded = tensor.values
    operands[index].weights = .coded(tensor)
    operands[index].bias = layer.rows.enumerated().map { channel, row in
      moments.bias(layer.bias[channel], weights: row, rounded: rounded[row.startIndex..<row.endIndex])
    }
  }

  /// Per layer, the means of its input that batch norm tells, where the recipe corrects biases by them.
  private static func inputMeans(
    _ network: FoldedNetwork,
    _ recipe: PostTrainingRecipe,
    _ targets: [LayerTarget]
  ) throws(PostTrainingError) -> [[Double]?] {
    guard recipe.correctsBiasWithoutData else { return targets.map { _ in nil } }
    let means = DataFreeMoments(network).inputMeans
    for (index, target) in targets.enumerated() where target.weights != nil && means[index] == nil {
      throw .noBatchNormalization(layer: network.layers[index].name)
    }
    return means
  }

  /// Refuses images that give fewer patches than a channel has weights.
  private static func requirePatches(
    _ network: FoldedNetwork,
    _ recipe: PostTrainingRecipe,
    _ targets: [LayerTarget],
    _ images: ImageDataset
  ) throws(PostTrainingError) {
    for (layer, target) in zip(network.layers, targets) {
      guard target.weights != nil, recipe.roundsByOutput(target) else { continue }
      guard layer.shape.groups == 1 else { throw .grouped(layer: layer.name) }
      let pixels = max(1, layer.shape.outputPixelCount)
      let needed = (layer.shape.depth + pixels - 1) / pixels
      guard images.count >= needed else {
        throw .tooFewImages(layer: layer.name, images: images.count, needed: needed)
      }
    }
  }

  private static func notes(_ layer: FoldedNetwork.Layer) -> [String] {
    let zeros = layer.weightSamples.count { $0.greatestMagnitude == 0 }
    return zeros == 0
      ? [] : ["\(layer.name).weight: all zero in \(zeros) of \(layer.shape.outputChannels) output channels"]
  }
}

extension PostTrainingRecipe {
  /// Whether the weights of a layer are rounded by what becomes of its output.
  fileprivate func roundsByOutput(_ target: LayerTarget) -> Bool {
    weightRounding != .nearest && !target.isEnd
  }
}

extension LayerOperands {
  /// Takes (Ŵ - W) E[x] away from the bias.
  fileprivate mutating func removeShift(from layer: FoldedNetwork.Layer, inputMeans: [Double]) {
    let rounded = realWeights(layer.shape)
    for (channel, row) in layer.rows.enumerated() {
      let shift = row.indices.reduce(0.0) { sum, place in
        sum + (Double(rounded[place]) - Double(layer.weights[place]))
          * inputMeans[layer.shape.inputChannel(ofWeight: place)]
      }
      bias[channel] = Float(Double(bias[channel]) - shift)
    }
  }
}

extension FoldedNetwork.Layer {
  /// Per input channel, the root of the sum of its weights' squares.
  fileprivate var inputChannelLengths: [Double] {
    var squares = [Double](repeating: 0, count: shape.inputChannels)
    for (index, weight) in weights.enumerated() {
      squares[shape.inputChannel(ofWeight: index)] += Double(weight) * Double(weight)
    }
    return squares.map { $0.squareRoot() }
  }
}
