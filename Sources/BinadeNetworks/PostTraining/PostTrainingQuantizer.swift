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
    let means = recipe.correctsBiasWithoutData ? DataFreeMoments(network).inputMeans : []
    for (index, target) in targets.enumerated() where target.weightBitWidth != nil {
      let layer = network.layers[index]
      if recipe.weightRounding != .nearest, !target.isEnd { try Self.requirePatches(layer, images: images) }
      if recipe.correctsBiasWithoutData, means[index] == nil {
        throw PostTrainingError.noBatchNormalization(layer: layer.name)
      }
    }
    var inputs = layers.map(\.input)
    if targets.contains(where: { $0.inputBitWidth != nil }) {
      let statistics = try PreactivationStatistics(
        network,
        images: images,
        normalization: normalization,
        threads: threads
      )
      for (index, target) in targets.enumerated() {
        guard let bits = target.inputBitWidth else { continue }
        let ranges = InputRanges(
          samples: statistics.samples[index],
          isRectified: statistics.isRectified[index],
          name: "\(network.layers[index].name).input"
        )
        notes += ranges.notes
        inputs[index] = .affine(
          target.isEnd ? ranges.unclipped(bitWidth: bits) : try ranges.quantizers(recipe, bitWidth: bits)
        )
      }
    }
    let float = CompiledNetwork(network)
    for (index, target) in targets.enumerated() {
      let layer = network.layers[index]
      layers[index].input = inputs[index]
      if let bits = target.weightBitWidth {
        notes += Self.notes(layer)
        if recipe.weightRounding != .nearest, !target.isEnd {
          let moments = PatchMoments(
            layer: index,
            float: float,
            quantized: CompiledNetwork(network, quantized: layers),
            input: inputs[index],
            images: images,
            normalization: normalization,
            threads: threads
          )
          let rounded = try WeightQuantization(
            layer,
            bitWidth: bits,
            recipe: recipe,
            moments: moments,
            threads: threads
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
        } else {
          layers[index].take(try WeightQuantization(layer, bitWidth: bits, recipe: recipe, target: target))
        }
        if recipe.correctsBiasWithoutData, let means = means[index] {
          layers[index].removeShift(from: layer, inputMeans: means)
        }
      }
      progress(index + 1)
    }
  }

  private static func notes(_ layer: FoldedNetwork.Layer) -> [String] {
    let zeros = layer.weightSamples.count { $0.greatestMagnitude == 0 }
    return zeros == 0
      ? [] : ["\(layer.name).weight: all zero in \(zeros) of \(layer.shape.outputChannels) output channels"]
  }

  private static func requirePatches(_ layer: FoldedNetwork.Layer, images: ImageDataset)
    throws(PostTrainingError)
  {
    guard layer.shape.groups == 1 else { throw .grouped(layer: layer.name) }
    let pixels = max(1, layer.shape.outputPixelCount)
    let needed = (layer.shape.depth + pixels - 1) / pixels
    guard images.count >= needed else {
      throw .tooFewImages(layer: layer.name, images: images.count, needed: needed)
    }
  }
}

extension QuantizedLayer {
  fileprivate mutating func take(_ quantization: WeightQuantization) {
    weights = quantization.weights
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
