import BinadeKernels
import BinadeNumerics
import BinadeQuantization

/// Rounds the weights of one layer as a recipe says.
///
/// The weights hold the scales of their input channels, where these go into the weights.
struct WeightQuantization {
  let layer: FoldedNetwork.Layer
  let recipe: PostTrainingRecipe
  let target: LayerTarget
  let cache: CodecCache

  /// Rounds to the nearest value of ranges that the weights alone tell.
  func nearest(_ format: RecipeFormat) throws -> CodedTensor {
    var tensor = try withoutCorrection(format)
    guard let rule = recipe.biasCorrection, !target.isEnd else { return tensor }
    correct(&tensor, rule)
    return tensor
  }

  private func withoutCorrection(_ format: RecipeFormat) throws -> CodedTensor {
    guard case .uniform(let bitWidth) = format else {
      return layer.coded(try quantizer(format, searches: recipe.clipsWeights && !target.isEnd))
    }
    if recipe.usesVectorScales, !target.isEnd {
      guard let vectors = target.vectors else {
        preconditionFailure("'\(layer.name)': the recipe part 'vectors' needs a target with vectors")
      }
      return layer.coded(try quantizer(.blocks(vectors), searches: false))
    }
    if recipe.splitsOutliers, !target.isEnd { return try split(bitWidth) }
    let grids = zip(layer.rows, try bitWidths(bitWidth)).map {
      grid($0, $1, clips: recipe.clipsWeights && !target.isEnd)
    }
    let steps = zip(layer.rows, grids).flatMap { row, grid in
      row.map { grid.bulkCodec.codec.decode(grid.encode(Double($0))) }
    }
    return try tensor(grids, steps)
  }

  /// Gives the rounded weights of every channel back the moments of those before: a factor of the scale, and an offset.
  private func correct(_ tensor: inout CodedTensor, _ rule: BiasCorrection.Rule) {
    let rounded = tensor.values
    let corrections = layer.rows.map { row in
      BiasCorrection(
        weights: Array(row),
        quantized: Array(rounded[row.startIndex..<row.endIndex]),
        rule: rule
      )
    }
    tensor.scale(by: corrections.map(\.factor))
    tensor.offsets = corrections.map { Float($0.offset) }
  }

  /// Rounds so that the layer's output changes least.
  ///
  /// `moments`: of the layer's input, divided by what the weights hold of it.
  func byOutput(_ format: RecipeFormat, _ problems: [RoundingProblem], threads: Int) throws -> CodedTensor {
    let isDescent = recipe.weightRounding == .descent
    let starts = try startingGrids(format)
    let solutions = ParallelLoop.map(count: problems.count, threads: threads) { channel -> RoundedChannel in
      let row = Array(layer.rows[channel])
      return isDescent
        ? CoordinateDescent.solve(problems[channel], weights: row, candidates: starts.candidates[channel])
        : AdaptiveRounding().solve(problems[channel], weights: row, grids: starts.candidates[channel][0])
    }
    guard let quantizer = starts.quantizer else {
      return try tensor(solutions.map { $0.grids[0] }, solutions.flatMap(\.unscaledWeights))
    }
    if let blockScales = starts.blockScales {
      return CodedTensor(
        quantizer,
        codes: solutions.flatMap(\.codes),
        channelLength: layer.shape.depth,
        blockScales: blockScales
      )
    }
    return CodedTensor(
      try Quantizer(solutions.map { $0.grids[0] }, cache: cache),
      codes: solutions.flatMap(\.codes),
      channelLength: layer.shape.depth
    )
  }

  /// What weights may be rounded to: for each channel the grids to choose from, each one for all weights or one for each.
  private struct Starts {
    var candidates: [[[QuantizationGrid]]]
    /// Of formats that are not uniform.
    var quantizer: Quantizer?
    var blockScales: [Double]?
  }

  private func startingGrids(_ format: RecipeFormat) throws -> Starts {
    let isDescent = recipe.weightRounding == .descent
    switch format {
    case .uniform(let bitWidth):
      let widths = try bitWidths(bitWidth)
      return Starts(
        candidates: zip(layer.rows, widths).map { row, bits in
          isDescent
            ? shares.map { [grid(row, bits, share: $0)] } : [[grid(row, bits, clips: recipe.clipsWeights)]]
        }
      )
    case .element:
      let quantizer = try quantizer(format, searches: recipe.clipsWeights)
      return Starts(
        candidates: layer.rows.indices.map { channel in
          let scale = quantizer.scale(ofChannel: channel)
          return (isDescent ? shares(of: quantizer) : [1]).map {
            [QuantizationGrid(quantizer.bulkCodec, scale: scale * Float($0))]
          }
        },
        quantizer: quantizer
      )
    case .blocks:
      let quantizer = try quantizer(format, searches: isDescent || recipe.clipsWeights)
      let scales = layer.coded(quantizer).blockScales
      return Starts(
        candidates: layer.rows.map { row in
          [row.indices.map { QuantizationGrid(quantizer.bulkCodec, scale: Float(scales[$0])) }]
        },
        quantizer: quantizer,
        blockScales: scales
      )
    }
  }

  /// Shares of the whole range that are tried.
  private var shares: [Double] { (0...12).map { 1 - Double($0) / 20 } }

  /// Scales that are no free choice are left alone, powers of two remain such.
  private func shares(of quantizer: Quantizer) -> [Double] {
    switch quantizer.codec.info.scaling {
    case .none: [1]
    case .powerOfTwo: [2, 1, 0.5, 0.25]
    // Above the calibration's as well: where it puts the greatest value of a tapered format is a rule of thumb.
    case .fitted: [2, 1.5, 1.25] + shares
    }
  }

  /// The quantizer of a format that is not uniform.
  private func quantizer(_ format: RecipeFormat, searches: Bool) throws -> Quantizer {
    let specification: QuantizerSpecification
    switch format {
    case .uniform: preconditionFailure("grids of a uniform format come from ranges")
    case .element(let element):
      specification = QuantizerSpecification(
        format: element,
        granularity: .channel,
        calibration: searches ? MSECalibration() : AbsMaxCalibration()
      )
    case .blocks(let blocks):
      specification = QuantizerSpecification(blocks: blocks, search: searches ? .mse : .none)
    }
    return try Quantizer(
      specification,
      samples: layer.weightSamples,
      name: "\(layer.name).weight",
      cache: cache
    )
  }

  /// Codes of whole steps.
  private func tensor(_ grids: [QuantizationGrid], _ steps: [Float]) throws -> CodedTensor {
    CodedTensor(
      exactly: steps,
      try Quantizer(grids, hasZeroPoints: !recipe.isSymmetric, cache: cache),
      channelLength: layer.shape.depth
    )
  }

  /// Sums of the steps of copies: whole steps again, of a range as many times as wide.
  private func split(_ bitWidth: Int) throws -> CodedTensor {
    let split = SplitWeights(layer, bitWidth: bitWidth)
    let grids = split.grids.map { $0.widened(by: split.greatestCopyCount) }
    var tensor = try tensor(grids, split.steps)
    tensor.addedBitCount = bitWidth * Int(split.expansion * Double(layer.weights.count))
    return tensor
  }

  private func bitWidths(_ bitWidth: Int) throws(PostTrainingError) -> [Int] {
    guard recipe.allocatesBits, !target.isEnd else { return layer.rows.map { _ in bitWidth } }
    do {
      return try BitAllocation(
        ranges: layer.rows.map { ChannelMoments($0)?.standardDeviation ?? 0 },
        meanBitWidth: Double(bitWidth)
      ).bitWidths
    } catch {
      throw .allocation(tensor: "\(layer.name).weight", error)
    }
  }

  private func grid(_ row: ArraySlice<Float>, _ bitWidth: Int, share: Double = 1, clips: Bool = false)
    -> QuantizationGrid
  {
    let (least, greatest) = (Double(row.min() ?? 0), Double(row.max() ?? 0))
    let isSymmetric = recipe.isSymmetric && bitWidth >= 2
    if clips {
      return RangeSweep.grid(
        Array(row),
        least: least,
        greatest: greatest,
        bitWidth: bitWidth,
        isSymmetric: isSymmetric
      )
    }
    return isSymmetric
      ? QuantizationGrid(symmetric: max(-least, greatest) * share, bitWidth: bitWidth)
      : QuantizationGrid(lower: least * share, range: (greatest - least) * share, bitWidth: bitWidth)
  }
}

extension FoldedNetwork.Layer {
  /// The weights of every output channel.
  var rows: [ArraySlice<Float>] { (0..<shape.outputChannels).map(row) }
}
