import BinadeKernels
import BinadeNumerics
import BinadeQuantization

/// The weights of one layer, rounded by a recipe.
struct WeightQuantization {
  /// As the layer's weights, corrections of mean and variance included.
  private(set) var weights: [Float]
  /// As the layer's weights, before those corrections.
  private(set) var rounded: [Float]
  /// The weights as whole steps; nil where what is added to them is none.
  private(set) var steps: WholeSteps?
  /// The least and the greatest value that rounding can give, for each output channel.
  private(set) var ranges: [ClosedRange<Float>]
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
    ranges = channels.map { ($0.min() ?? 0)...($0.max() ?? 0) }
    if recipe.usesVectorScales, !target.isEnd {
      guard let codec = target.vectorCodec else {
        preconditionFailure("'\(layer.name)': the recipe part 'vectors' needs a target with a vector codec")
      }
      rounded = channels.flatMap { Self.vectors($0, layer.shape, codec) }
      // A scale of four bits for 16 elements, a float32 scale for each output channel.
      parameterBitCount = 32 * channels.count + 4 * ((layer.shape.depth + 15) / 16) * channels.count
    } else if recipe.splitsOutliers, !target.isEnd {
      let split = SplitWeights(layer, bitWidth: bitWidth)
      rounded = split.weights
      parameterBitCount = 40 * channels.count + bitWidth * Int(split.expansion * Double(layer.weights.count))
    } else {
      let widths = try Self.bitWidths(channels, bitWidth, layer, recipe, isEnd: target.isEnd)
      let quantizers = zip(channels, widths).map {
        Self.quantizer($0, $1, recipe, clips: recipe.clipsWeights && !target.isEnd)
      }
      rounded = zip(channels, quantizers).flatMap { channel, quantizer in
        channel.map { Float(quantizer.fakeQuantize(Double($0))) }
      }
      steps = WholeSteps(
        zip(channels, quantizers).map { channel, quantizer in
          (quantizer, channel.map { quantizer.encode(Double($0)) })
        }
      )
      ranges = quantizers.map(Self.range)
      meanBitWidth = Double(widths.reduce(0, +)) / Double(widths.count)
      parameterBitCount = Self.parameterBitCount(widths, hasOffsets: !recipe.isSymmetric)
    }
    weights = rounded
    guard let rule = recipe.biasCorrection, !target.isEnd else { return }
    weights = zip(channels, Self.channels(rounded, layer.shape)).flatMap { before, after in
      let correction = BiasCorrection(weights: Array(before), quantized: Array(after), rule: rule)
      return after.map { correction.apply($0) }
    }
    // What is added to a channel is no multiple of its step: a float32 of its own.
    steps = nil
    parameterBitCount += 32 * channels.count
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
    let solutions = ParallelLoop.map(count: channels.count, threads: threads) { index in
      let (channel, bits) = (channels[index], widths[index])
      let problem = moments.problem(weights: channel)
      guard recipe.weightRounding == .adaptive else {
        return CoordinateDescent.solve(problem, weights: Array(channel), bitWidth: bits)
      }
      let quantizer = Self.quantizer(channel, bits, recipe, clips: recipe.clipsWeights)
      return AdaptiveRounding().solve(problem, weights: Array(channel), quantizer: quantizer)
    }
    rounded = solutions.flatMap { $0.weights.map { Float($0) } }
    weights = rounded
    steps = WholeSteps(solutions.map { ($0.quantizer, $0.codes) })
    ranges = solutions.map { Self.range($0.quantizer) }
    meanBitWidth = Double(widths.reduce(0, +)) / Double(widths.count)
    parameterBitCount = Self.parameterBitCount(widths, hasOffsets: !recipe.isSymmetric)
  }

  private static func range(_ quantizer: AffineQuantizer) -> ClosedRange<Float> {
    Float(quantizer.decode(0))...Float(quantizer.decode(quantizer.greatestCode))
  }

  /// A float32 scale for each channel, an 8-bit offset if there is one, and four bits for the width where channels differ.
  private static func parameterBitCount(_ widths: [Int], hasOffsets: Bool) -> Int {
    (32 + (hasOffsets ? 8 : 0) + (Set(widths).count > 1 ? 4 : 0)) * widths.count
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

  /// One output channel in vectors of 16 input channels, tap by tap; vectors reach over taps where channels are no multiple
  /// of 16.
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
