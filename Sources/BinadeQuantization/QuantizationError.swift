import BinadeNumerics

/// How far a tensor moved when it was quantized.
///
/// Sums over all n elements x with their quantized values y, in Double.
public struct QuantizationError: Sendable, Hashable, Codable {
  /// Elements measured.
  public private(set) var elementCount = 0
  /// The sum of x².
  public private(set) var signalPower = 0.0
  /// The sum of (x - y)².
  public private(set) var noisePower = 0.0
  /// The greatest |x - y|.
  public private(set) var maximumError = 0.0
  /// Saturated, underflowed and NaN elements.
  public private(set) var tally = ConversionTally()
  private var quantizedPower = 0.0
  private var product = 0.0

  /// Nothing measured yet.
  public init() {}

  /// Σ(x - y)² / n; 0 when nothing was measured.
  public var meanSquaredError: Double {
    elementCount == 0 ? 0 : noisePower / Double(elementCount)
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
  public mutating func measure(
    _ input: UnsafeBufferPointer<Float>,
    quantizer: Quantizer,
    channel: Int
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * max(input.count, 1)) { buffer in
      guard let scaled = buffer.baseAddress else { return }
      let rounded = scaled + input.count
      let scale = quantizer.scale(ofChannel: channel)
      for index in 0..<input.count { scaled[index] = input[index] / scale }
      let source = UnsafeBufferPointer(start: scaled, count: input.count)
      quantizer.codec.roundTrip(source, into: rounded)
      quantizer.codec.tally(source, roundedTo: rounded, into: &tally)
      for index in 0..<input.count {
        add(Double(input[index]), quantized: Double(rounded[index] * scale))
      }
    }
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

  private mutating func add(_ x: Double, quantized y: Double) {
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
    total.maximumError = max(total.maximumError, part.maximumError)
    total.tally += part.tally
  }
}
