import BinadeNumerics

/// How far a tensor moved when it was quantized.
///
/// Sums over the elements x with their quantized values y, in Double.
///
/// - Special values: an element that is NaN or infinite, before or after, is left out of every sum, mean and maximum, and is
///   counted in ``nanCount`` or ``infiniteCount``: one such element would make all figures NaN and hide what the others say.
public struct QuantizationError: Sendable, Hashable, Codable {
  /// Elements measured.
  public private(set) var elementCount = 0
  /// The sum of x².
  public private(set) var signalPower = 0.0
  /// The sum of (x - y)².
  public private(set) var noisePower = 0.0
  /// Elements that are NaN, before or after.
  public private(set) var nanCount = 0
  /// Elements that are infinite, before or after, and not NaN.
  public private(set) var infiniteCount = 0
  /// Finite elements that are not zero.
  public private(set) var nonzeroCount = 0
  /// The greatest |x - y|.
  public private(set) var maximumError = 0.0
  /// Saturated, underflowed and NaN elements.
  public private(set) var tally = ConversionTally()
  private var quantizedPower = 0.0
  private var product = 0.0

  /// Nothing measured yet.
  public init() {}

  /// Elements in the sums: those that are finite before and after.
  public var finiteCount: Int { elementCount - nanCount - infiniteCount }

  /// Σ(x - y)² / n; 0 when nothing was measured.
  public var meanSquaredError: Double {
    finiteCount == 0 ? 0 : noisePower / Double(finiteCount)
  }

  /// The ratio Σx² / Σ(x - y)² behind the decibels; infinite when there is no error.
  public var signalToQuantizationNoiseRatio: Double {
    noisePower == 0 ? .infinity : signalPower / noisePower
  }

  /// Σxy / sqrt(Σx² Σy²); 0 when either tensor is zero.
  public var cosineSimilarity: Double {
    let denominator = (signalPower * quantizedPower).squareRoot()
    return denominator == 0 ? 0 : product / denominator
  }

  /// Adds one channel: `input` against what `quantizer` makes of it.
  ///
  /// - Precondition: no block format, whose channels do not stand alone.
  public mutating func measure(_ input: UnsafeBufferPointer<Float>, quantizer: Quantizer, channel: Int) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(input.count, 1)) { buffer in
      guard let rounded = buffer.baseAddress else { return }
      quantizer.fakeQuantize(input, channel: channel, into: rounded)
      measure(input, quantized: rounded, quantizer: quantizer, channel: channel)
    }
  }

  /// Adds one channel, or a part of it: `input` against what became of it with `quantizer`.
  ///
  /// - Shape: `quantized` holds `input.count` elements.
  /// - Precondition: no block format.
  public mutating func measure(
    _ input: UnsafeBufferPointer<Float>,
    quantized: UnsafePointer<Float>,
    quantizer: Quantizer,
    channel: Int
  ) {
    let (least, greatest) = quantizer.extremes(ofChannel: channel)
    let scale = quantizer.scales[channel]
    let hasNaN = quantizer.codec.reference.ladder.specials.nan != nil
    for index in input.indices {
      add(Double(input[index]), quantized: Double(quantized[index]))
      let quotient = input[index] / scale
      if quotient.isNaN {
        tally.nanCount += 1
        if !hasNaN { tally.nanWithoutCode += 1 }
      } else if Double(quotient) > greatest || Double(quotient) < least {
        tally.saturatedCount += 1
      } else if quotient != 0 && quantized[index] == 0 {
        tally.underflowedCount += 1
      }
    }
    tally.elementCount += input.count
    elementCount += input.count
  }

  /// Adds elements that something other than a ``Quantizer`` rounded.
  ///
  /// `range`: elements outside count as saturated.
  ///
  /// - Shape: `quantized` holds `input.count` elements.
  public mutating func measure(
    _ input: UnsafeBufferPointer<Float>,
    quantized: UnsafePointer<Float>,
    range: ClosedRange<Float>
  ) {
    for index in 0..<input.count {
      add(Double(input[index]), quantized: Double(quantized[index]))
      if input[index].isNaN { tally.nanCount += 1 }
      if input[index] < range.lowerBound || input[index] > range.upperBound { tally.saturatedCount += 1 }
      if input[index] != 0, quantized[index] == 0 { tally.underflowedCount += 1 }
    }
    tally.elementCount += input.count
    elementCount += input.count
  }

  /// Adds rows of blocks: `input` against what `blocks` makes of it.
  ///
  /// `channel`: whose outer scale holds.
  ///
  /// - Shape: `input` is rows of `rowLength` elements.
  public mutating func measure(
    _ input: UnsafeBufferPointer<Float>,
    rowLength: Int,
    channel: Int = 0,
    blocks: BlockScales
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(input.count, 1)) { buffer in
      guard let rounded = buffer.baseAddress else { return }
      blocks.fakeQuantize(input, rowLength: rowLength, channel: channel, into: rounded)
      blocks.forEachBlock(of: input, rowLength: rowLength, channel: channel) { block, least, greatest in
        // A block with NaN has no range.
        let range = least <= greatest ? least...greatest : -.infinity ... .infinity
        measure(
          UnsafeBufferPointer(rebasing: input[block]),
          quantized: rounded + block.lowerBound,
          range: range
        )
      }
    }
  }

  private mutating func add(_ x: Double, quantized y: Double) {
    guard x.isFinite, y.isFinite else {
      if x.isNaN || y.isNaN { nanCount += 1 } else { infiniteCount += 1 }
      return
    }
    if x != 0 { nonzeroCount += 1 }
    signalPower += x * x
    quantizedPower += y * y
    product += x * y
    noisePower += (x - y) * (x - y)
    maximumError = max(maximumError, abs(x - y))
  }

  /// Joins the measurements of two parts of one tensor, or of several tensors.
  public static func += (total: inout QuantizationError, part: QuantizationError) {
    total.elementCount += part.elementCount
    total.signalPower += part.signalPower
    total.noisePower += part.noisePower
    total.quantizedPower += part.quantizedPower
    total.product += part.product
    total.nanCount += part.nanCount
    total.infiniteCount += part.infiniteCount
    total.nonzeroCount += part.nonzeroCount
    total.maximumError = max(total.maximumError, part.maximumError)
    total.tally += part.tally
  }
}
