import BinadeNumerics
import BinadeQuantization

/// Finds the quantizers of a layer's input from its samples.
struct InputRanges {
  /// One sample per channel, before the ReLU if there is one.
  let samples: [TensorSample]
  /// Whether the input comes out of a ReLU.
  let isRectified: Bool
  /// For errors.
  let name: String
  /// What a unit of error of each channel is worth in the layer's output: the length of the channel's weights.
  let weightLengths: [Double]

  private var output: AnalyticClipping.Output { isRectified ? .rectified : .signed }

  /// The quantizer that `recipe` asks for.
  ///
  /// Throws ``PostTrainingError``, and `QuantizationFailure` when a format cannot take the values.
  func quantizer(_ recipe: PostTrainingRecipe, _ format: RecipeFormat, cache: CodecCache) throws -> Quantizer
  {
    switch format {
    case .uniform(let bitWidth):
      return try Quantizer(grids(recipe, bitWidth: bitWidth), cache: cache)
    case .element(let element):
      let specification = QuantizerSpecification(
        format: element,
        granularity: recipe.isPerTensor ? .tensor : .channel,
        calibration: recipe.inputRange == .mse ? MSECalibration() : AbsMaxCalibration()
      )
      return try quantizer(specification, cache: cache)
    case .blocks(let blocks):
      let search = recipe.inputRange == .mse ? BlockScaleSearch.mse : .none
      return try quantizer(QuantizerSpecification(blocks: blocks, search: search), cache: cache)
    }
  }

  private func quantizer(_ specification: QuantizerSpecification, cache: CodecCache) throws -> Quantizer {
    try Quantizer(
      specification,
      samples: samples.map { sample in
        guard isRectified else { return sample }
        var seen = TensorSample(self.seen(sample))
        seen.least = max(sample.least, 0)
        seen.greatest = max(sample.greatest, 0)
        return seen
      },
      operand: .activations,
      name: name,
      cache: cache
    )
  }

  /// The grids of 2^bitWidth steps that `recipe` asks for, in the mean over the channels: one, or one per channel.
  func grids(_ recipe: PostTrainingRecipe, bitWidth: Int) throws(PostTrainingError) -> [QuantizationGrid] {
    guard !recipe.isPerTensor else { return [whole(recipe, bitWidth: bitWidth)] }
    var bits = [Int](repeating: bitWidth, count: samples.count)
    if recipe.allocatesBits {
      let moments = samples.map { ChannelMoments(seen($0)) }
      let deviations = moments.map { $0?.standardDeviation ?? 0 }
      // Rounding by the output minds what errors come to there; ACIQ's own allocation minds the input alone.
      let weighted = zip(deviations, weightLengths).map { $0 * $1 }
      do {
        bits = try BitAllocation(
          ranges: recipe.weightRounding == .nearest ? deviations : weighted,
          meanBitWidth: Double(bitWidth)
        ).bitWidths
      } catch {
        throw .allocation(tensor: name, error)
      }
      // A channel that hardly varies but is not zero: without a bit its mean would be lost.
      for (channel, moments) in moments.enumerated() where bits[channel] == 0 {
        if let moments, abs(moments.mean) > moments.standardDeviation { bits[channel] = 1 }
      }
    }
    return zip(samples, bits).map { grid($0, recipe.inputRange, bitWidth: $1) }
  }

  /// One grid for all channels.
  private func whole(_ recipe: PostTrainingRecipe, bitWidth: Int) -> QuantizationGrid {
    var whole = TensorSample()
    for sample in samples { whole.merge(sample) }
    return grid(whole, recipe.inputRange, bitWidth: bitWidth)
  }

  /// The value that the input has throughout; nil when it varies.
  var constant: Float? {
    let (least, greatest) = (samples.map(\.least).min() ?? 0, samples.map(\.greatest).max() ?? 0)
    return least == greatest ? (isRectified ? max(least, 0) : least) : nil
  }

  /// Channels that are zero throughout.
  var deadChannelCount: Int {
    samples.count { isRectified ? $0.greatest <= 0 : $0.greatestMagnitude == 0 }
  }

  /// What the layer gets to see of a sample.
  private func seen(_ sample: TensorSample) -> [Float] {
    isRectified ? sample.values.map { max($0, 0) } : sample.values
  }

  private func grid(
    _ sample: TensorSample,
    _ range: PostTrainingRecipe.InputRange,
    bitWidth: Int
  ) -> QuantizationGrid {
    let (least, greatest) = (
      isRectified ? 0 : Double(sample.least),
      isRectified ? max(Double(sample.greatest), 0) : Double(sample.greatest)
    )
    let unclipped = QuantizationGrid(lower: least, range: greatest - least, bitWidth: bitWidth)
    guard bitWidth > 0, let moments = ChannelMoments(sample.values) else { return unclipped }
    switch range {
    case .naive:
      return unclipped
    case .aciq:
      return AnalyticClipping.grid(moments, prior: .laplace, bitWidth: bitWidth, output: output)
    case .gauss:
      return AnalyticClipping.grid(moments, prior: .gauss, bitWidth: bitWidth, output: output)
    case .rectifiedMoments:
      guard let after = ChannelMoments(seen(sample)) else { return unclipped }
      return AnalyticClipping.grid(after, prior: .laplace, bitWidth: bitWidth, output: output)
    case .mix:
      return AnalyticClipping.mixed(moments, values: sample.values, bitWidth: bitWidth, output: output)
    case .octav:
      let threshold = min(
        OCTAV.threshold(seen(sample), bitWidth: bitWidth, isNonnegative: least >= 0),
        max(-least, greatest)
      )
      let lower = least >= 0 ? 0 : max(least, -threshold)
      return QuantizationGrid(lower: lower, range: min(greatest, threshold) - lower, bitWidth: bitWidth)
    case .mse:
      return RangeSweep.grid(seen(sample), least: least, greatest: greatest, bitWidth: bitWidth)
    }
  }
}
