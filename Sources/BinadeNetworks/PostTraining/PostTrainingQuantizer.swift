import BinadeKernels
import BinadeQuantization

/// Quantizes a trained network by a recipe: no labels, no training.
public struct PostTrainingQuantizer: Sendable {
  /// The network, equalized if the recipe says so.
  public let network: FoldedNetwork
  /// Its layers, quantized.
  public private(set) var layers: [QuantizedLayer]

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
    progress: Progress = { _ in }
  ) throws {
    precondition(targets.count == network.layers.count, "one target for each of the layers")
    let network = recipe.equalizesLayers ? network.equalized() : network
    self.network = network
    layers = network.layers.map { QuantizedLayer($0) }
    let calibration = CalibrationRun(images: images, normalization: normalization, threads: threads)
    let inputMeans = try Self.inputMeans(network, recipe, targets)
    try Self.requirePatches(network, recipe, targets, images)
    let inputs = try inputQuantizers(recipe, targets, calibration)
    let float = CompiledNetwork(network)
    for (index, target) in targets.enumerated() {
      let layer = network.layers[index]
      layers[index].input = inputs[index]
      if let bits = target.weightBitWidth {
        notes += Self.notes(layer)
        if recipe.roundsByOutput(target) {
          try roundByOutput(index, bits, recipe, float, calibration)
        } else {
          layers[index].take(try WeightQuantization(layer, bitWidth: bits, recipe: recipe, target: target))
        }
        if let means = inputMeans[index] { layers[index].removeShift(from: layer, inputMeans: means) }
      }
      progress(index + 1)
    }
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
    _ calibration: CalibrationRun
  ) throws -> [InputQuantizer] {
    var inputs = layers.map(\.input)
    guard targets.contains(where: { $0.inputBitWidth != nil }) else { return inputs }
    let statistics = try PreactivationStatistics(
      network,
      images: calibration.images,
      normalization: calibration.normalization,
      threads: calibration.threads
    )
    var dead: [String] = []
    for (index, target) in targets.enumerated() {
      guard let bits = target.inputBitWidth else { continue }
      let ranges = InputRanges(
        samples: statistics.samples[index],
        isRectified: statistics.isRectified[index],
        name: "\(network.layers[index].name).input"
      )
      if let value = ranges.constant {
        notes.append("\(ranges.name): is \(value) throughout on all images looked at")
      } else if ranges.deadChannelCount > 0 {
        dead.append("\(ranges.name) (\(ranges.deadChannelCount) of \(ranges.samples.count))")
      }
      inputs[index] = .affine(
        target.isEnd ? ranges.unclipped(bitWidth: bits) : try ranges.quantizers(recipe, bitWidth: bits)
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
    _ bitWidth: Int,
    _ recipe: PostTrainingRecipe,
    _ float: CompiledNetwork,
    _ calibration: CalibrationRun
  ) throws {
    let layer = network.layers[index]
    let moments = PatchMoments(
      layer: index,
      float: float,
      quantized: try CompiledNetwork(network, quantized: layers),
      input: layers[index].input,
      images: calibration.images,
      normalization: calibration.normalization,
      threads: calibration.threads
    )
    let rounded = try WeightQuantization(
      layer,
      bitWidth: bitWidth,
      recipe: recipe,
      moments: moments,
      threads: calibration.threads
    )
    layers[index].take(rounded)
    layers[index].bias = (0..<layer.shape.outputChannels).map { channel in
      let row = channel * layer.shape.depth..<(channel + 1) * layer.shape.depth
      return moments.bias(
        layer.bias[channel],
        weights: layer.weights[row],
        rounded: rounded.weights[row]
      )
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
    for (index, target) in targets.enumerated() where target.weightBitWidth != nil && means[index] == nil {
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
      guard target.weightBitWidth != nil, recipe.roundsByOutput(target) else { continue }
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

extension QuantizedLayer {
  fileprivate mutating func take(_ quantization: WeightQuantization) {
    weights = quantization.weights
    steps = quantization.steps
    roundedWeights = quantization.rounded
    weightRanges = quantization.ranges
    meanWeightBitWidth = quantization.meanBitWidth
    parameterBitCount = quantization.parameterBitCount
  }

  /// Takes (Ŵ - W) E[x] away from the bias.
  fileprivate mutating func removeShift(from layer: FoldedNetwork.Layer, inputMeans: [Double]) {
    let (depth, kernel) = (layer.shape.depth, layer.shape.kernelHeight * layer.shape.kernelWidth)
    for channel in 0..<layer.shape.outputChannels {
      var shift = 0.0
      for index in 0..<depth {
        let place = channel * depth + index
        let group = channel / layer.shape.groupOutputChannels * layer.shape.groupInputChannels
        shift += (Double(weights[place]) - Double(layer.weights[place])) * inputMeans[group + index / kernel]
      }
      bias[channel] = Float(Double(bias[channel]) - shift)
    }
  }
}
