import BinadeKernels
import BinadeNumerics
import BinadeQuantization

/// The weights of one layer, rounded by a recipe.
struct WeightQuantization {
  /// As the layer's weights.
  private(set) var weights: [Float]
  /// Bits of a weight, the mean.
  private(set) var meanBitWidth: Double
  /// Bits of scales, offsets, bit widths and weights added.
  private(set) var parameterBitCount: Int

  /// Rounds to the nearest step of min/max ranges, or as the recipe says, without looking at inputs.
  init(
    _ layer: FoldedNetwork.Layer,
    bitWidth: Int,
    recipe: PostTrainingRecipe,
    target: LayerTarget
  ) throws(PostTrainingError) {
    let channels = Self.channels(layer)
    meanBitWidth = Double(bitWidth)
    if recipe.usesVectorScales, !target.isEnd, let codec = target.vectorCodec {
      weights = channels.flatMap { Self.vectors($0, layer.shape, codec) }
      // A scale of four bits for 16 elements, a float32 scale for each output channel.
      parameterBitCount = 32 * channels.count + 4 * ((layer.shape.depth + 15) / 16) * channels.count
    } else if recipe.splitsOutliers, !target.isEnd {
      let split = SplitWeights(layer, bitWidth: bitWidth)
      weights = split.weights
      parameterBitCount = 40 * channels.count + bitWidth * Int(split.expansion * Double(layer.weights.count))
    } else {
      let widths = try Self.bitWidths(channels, bitWidth, layer, recipe, isEnd: target.isEnd)
      weights = zip(channels, widths).flatMap { channel, bits in
        let quantizer = Self.quantizer(channel, bits, recipe, clips: recipe.clipsWeights && !target.isEnd)
        return channel.map { Float(quantizer.fakeQuantize(Double($0))) }
      }
      meanBitWidth = Double(widths.reduce(0, +)) / Double(widths.count)
      // A float32 scale and an 8-bit offset each, and four bits for the width where it differs.
      parameterBitCount = (recipe.allocatesBits && !target.isEnd ? 44 : 40) * channels.count
    }
    guard let rule = recipe.biasCorrection, !target.isEnd else { return }
    weights = zip(channels, Self.channels(weights, layer.shape)).flatMap { before, after in
      let correction = BiasCorrection(weights: Array(before), quantized: Array(after), rule: rule)
      return after.map { correction.apply($0) }
    }
  }

  /// Rounds so that the layer's output changes least.
  init(
    _ layer: FoldedNetwork.Layer,
    bitWidth: Int,
    recipe: PostTrainingRecipe,
    moments: PatchMoments,
    threads: Int
  ) throws(PostTrainingError) {
    let channels = Self.channels(layer)
    let widths = try Self.bitWidths(channels, bitWidth, layer, recipe, isEnd: false)
    weights = ParallelLoop.map(count: channels.count, threads: threads) { index in
      let (channel, bits) = (channels[index], widths[index])
      let problem = moments.problem(weights: channel)
      let solution: CoordinateDescent.Solution
      if recipe.weightRounding == .adaptive {
        let quantizer = Self.quantizer(channel, bits, recipe, clips: recipe.clipsWeights)
        solution = AdaptiveRounding().solve(problem, weights: Array(channel), quantizer: quantizer)
      } else {
        solution = CoordinateDescent.solve(problem, weights: Array(channel), bitWidth: bits)
      }
      return solution.weights.map { Float($0) }
    }.flatMap { $0 }
    meanBitWidth = Double(widths.reduce(0, +)) / Double(widths.count)
    parameterBitCount = (recipe.allocatesBits ? 44 : 40) * channels.count
  }

  private static func channels(_ layer: FoldedNetwork.Layer) -> [ArraySlice<Float>] {
    channels(layer.weights, layer.shape)
  }

  private static func channels(_ weights: [Float], _ shape: ConvolutionShape) -> [ArraySlice<Float>] {
    (0..<shape.outputChannels).map { weights[$0 * shape.depth..<($0 + 1) * shape.depth] }
  }

  private static func bitWidths(
    _ channels: [ArraySlice<Float>],
    _ bitWidth: Int,
    _ layer: FoldedNetwork.Layer,
    _ recipe: PostTrainingRecipe,
    isEnd: Bool
  ) throws(PostTrainingError) -> [Int] {
    guard recipe.allocatesBits, !isEnd else { return channels.map { _ in bitWidth } }
    do {
      return try BitAllocation(
        ranges: channels.map { ChannelMoments($0)?.standardDeviation ?? 0 },
        meanBitWidth: Double(bitWidth)
      ).bitWidths
    } catch {
      throw .allocation(tensor: "\(layer.name).weight", error)
    }
  }

  private static func quantizer(
    _ channel: ArraySlice<Float>,
    _ bitWidth: Int,
    _ recipe: PostTrainingRecipe,
    clips: Bool
  ) -> AffineQuantizer {
    let (least, greatest) = (Double(channel.min() ?? 0), Double(channel.max() ?? 0))
    let isSymmetric = recipe.isSymmetric && bitWidth >= 2
    if clips {
      return RangeSweep.quantizer(
        Array(channel),
        least: least,
        greatest: greatest,
        bitWidth: bitWidth,
        isSymmetric: isSymmetric
      )
    }
    return isSymmetric
      ? AffineQuantizer(symmetric: max(-least, greatest), bitWidth: bitWidth)
      : AffineQuantizer(lower: least, range: greatest - least, bitWidth: bitWidth)
  }

  /// One output channel in vectors of 16 input channels, tap by tap.
  private static func vectors(_ channel: ArraySlice<Float>, _ shape: ConvolutionShape, _ codec: BlockCodec)
    -> [Float]
  {
    let (taps, first) = (shape.kernelHeight * shape.kernelWidth, channel.startIndex)
    let inputs = shape.groupInputChannels
    var result = [Float](repeating: 0, count: channel.count)
    let row = (0..<channel.count).map { channel[first + $0 % inputs * taps + $0 / inputs] }
    for (index, value) in codec.roundTrip(row).enumerated() {
      result[index % inputs * taps + index / inputs] = value
    }
    return result
  }
}
