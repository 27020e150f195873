import BinadeKernels
import BinadeNumerics

/// The values that one channel can take: those of a codec, or some of them, times a scale.
///
/// Range searches and methods that round weights work on it, whatever the format; a ``Quantizer`` is made of one for each
/// channel.
public struct QuantizationGrid: Sendable {
  /// Rounds a value that the scale has divided.
  public let bulkCodec: BulkCodec
  /// What values are divided by.
  public let scale: Float
  /// The least value, before the scale.
  public private(set) var least: Float
  /// The greatest value, before the scale.
  public private(set) var greatest: Float
  /// Bits of a code.
  public let bitWidth: Int
  /// Whether the values are whole numbers, from ``least`` to ``greatest``.
  public let isUniform: Bool

  var codec: FormatCodec { bulkCodec.codec }

  /// All values of a format at a scale.
  public init(_ bulkCodec: BulkCodec, scale: Float) {
    let ladder = bulkCodec.codec.reference.ladder
    self.bulkCodec = bulkCodec
    self.scale = scale
    (least, greatest) = (Float(ladder.least.value), Float(ladder.greatest.value))
    bitWidth = bulkCodec.codec.info.bitWidth
    isUniform = false
  }

  /// 2^bitWidth whole steps with a zero point, as GEMMLOWP made them common: zero is always one of the values.
  ///
  /// They cover `lower ... lower + range`, up to the shift that puts 0 on a level; a range without 0 is extended to it.
  /// `scale = max(range / (2^bitWidth - 1), 1e-8)`, `zeroPoint = round(-lower / scale)`, halves to even; with 0 bits every value
  /// becomes 0.
  ///
  /// - Source: methods.md 3.1, after the code of Banner, Nahshan and Soudry, NeurIPS 2019.
  /// - Precondition: `lower` and `range` are finite, `range` is not negative, `bitWidth` is 0 to 8.
  public init(lower: Double, range: Double, bitWidth: Int) {
    precondition((0...8).contains(bitWidth), "codes of \(bitWidth) bits; 0 to 8 are possible")
    precondition(lower.isFinite && range.isFinite && range >= 0, "no range: \(range) from \(lower)")
    let steps = Double((1 << bitWidth) - 1)
    let below = min(lower, 0)
    let extent = max(lower + range, 0) - below
    let step =
      bitWidth == 0 ? 1e-8 : max((lower <= 0 && lower + range >= 0 ? range : extent) / steps, 1e-8)
    let zeroPoint = bitWidth == 0 ? 0 : (-below / step).rounded(.toNearestOrEven)
    bulkCodec = WholeNumbers.codecs[bitWidth]
    // Rounded down it would put the ends of the range beyond those of the grid.
    scale = Double(Float(step)) < step ? Float(step).nextUp : Float(step)
    (least, greatest) = (Float(-zeroPoint), Float(steps - zeroPoint))
    self.bitWidth = bitWidth
    isUniform = true
  }

  /// The whole steps from `least` to `greatest`, some or all of those of `bitWidth` bits.
  ///
  /// - Precondition: 0 is among them, `bitWidth` is 0 to 8.
  init(least: Int, greatest: Int, scale: Float, bitWidth: Int) {
    precondition(least <= 0 && greatest >= 0, "no 0 in \(least) to \(greatest)")
    bulkCodec = WholeNumbers.codecs[bitWidth]
    self.scale = scale
    (self.least, self.greatest) = (Float(least), Float(greatest))
    self.bitWidth = bitWidth
    isUniform = true
  }

  /// Covers -bound to bound with 2^bitWidth - 1 whole steps evenly about zero, and one more beyond, which nearest rounding
  /// of what is covered never takes.
  ///
  /// - Precondition: `bound` is finite and not negative, `bitWidth` is 2 to 8.
  public init(symmetric bound: Double, bitWidth: Int) {
    precondition(bitWidth >= 2, "\(bitWidth) bits have no value on either side of zero")
    let steps = Double((1 << bitWidth) - 2)
    self.init(lower: -bound, range: 2 * bound * (steps + 1) / steps, bitWidth: bitWidth)
  }

  /// Covers the range of a channel: nothing is clipped.
  public init(_ moments: ChannelMoments, bitWidth: Int) {
    self.init(lower: moments.least, range: moments.greatest - moments.least, bitWidth: bitWidth)
  }

  /// The same steps over so many times the range: the values that sums of as many have.
  public func widened(by count: Int) -> QuantizationGrid {
    var result = self
    result.least *= Float(count)
    result.greatest *= Float(count)
    return result
  }

  /// The code, in unsigned numbers of ``bitWidth`` bits, that stands for 0; 0 for grids that are not uniform.
  public var zeroPoint: Int { isUniform ? Int(-least) : 0 }

  /// The code of a finite value, in the codec.
  public func encode(_ value: Double) -> UInt32 { encode(value, scale: Double(scale)) }

  /// The code of a finite value at another scale.
  func encode(_ value: Double, scale: Double) -> UInt32 {
    codec.encode(Float(value / scale).clamped(least, greatest))
  }

  /// The value of a code of the codec.
  public func decode(_ code: UInt32) -> Double { Double(codec.decode(code)) * Double(scale) }

  /// The grid's value next to a finite value.
  public func fakeQuantize(_ value: Double) -> Double { decode(encode(value)) }

  /// The mean squared error over `values`.
  public func meanSquaredError(of values: [Float]) -> Double {
    guard !values.isEmpty else { return 0 }
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: values.count) { buffer in
      guard let rounded = buffer.baseAddress else { return 0 }
      for index in values.indices { rounded[index] = (values[index] / scale).clamped(least, greatest) }
      bulkCodec.fakeQuantize(UnsafeBufferPointer(start: rounded, count: values.count), into: rounded)
      var sum = 0.0
      for index in values.indices {
        let error = Double(values[index]) - Double(rounded[index]) * Double(scale)
        sum += error * error
      }
      return sum / Double(values.count)
    }
  }

  /// The code of the value that is nearest to a finite one at another scale; of two as near, the one below.
  ///
  /// Formats whose neighbours round at another place than their middle, as posits do, encode otherwise.
  func nearest(_ value: Double, scale: Double) -> UInt32 {
    guard !isUniform else { return encode(value, scale: scale) }
    let quotient = value / scale
    let (below, above) = neighbours(ofQuotient: quotient)
    return codec.encode(quotient - Double(below) <= Double(above) - quotient ? below : above)
  }

  /// The values below and above a finite value, one and the same where it is a value of the grid or beyond its ends; before the
  /// scale.
  ///
  /// - Complexity: O(log n) in the number of values.
  package func neighbours(of value: Double) -> (below: Float, above: Float) {
    neighbours(ofQuotient: value / Double(scale))
  }

  private func neighbours(ofQuotient quotient: Double) -> (below: Float, above: Float) {
    let quotient = quotient.clamped(Double(least), Double(greatest))
    guard !isUniform, let rungs = codec.rungs else {
      return (Float(quotient.rounded(.down)), Float(quotient.rounded(.up)))
    }
    var (first, last) = (0, rungs.count - 1)
    while first < last {
      let middle = (first + last + 1) / 2
      if rungs[middle].value <= quotient { first = middle } else { last = middle - 1 }
    }
    let below = rungs[first].value
    let above = below < quotient ? rungs[min(first + 1, rungs.count - 1)].value : below
    return (Float(below), Float(above))
  }
}

extension Double {
  fileprivate func clamped(_ least: Double, _ greatest: Double) -> Double {
    Swift.min(Swift.max(self, least), greatest)
  }
}

/// Codecs of whole numbers that hold every zero point of codes of so many bits.
private enum WholeNumbers {
  static let codecs: [BulkCodec] = (0...8).map { bits in
    do {
      let format = try IntegerFormat(
        info: FormatInfo(name: "int\(bits + 2)", bitWidth: bits + 2, family: .integer),
        isSigned: true
      )
      let policy = ConversionPolicy(rounding: .nearestEven, overflow: .saturate)
      return BulkCodec(try FormatCodec(format, policy: policy))
    } catch {
      preconditionFailure("integers of \(bits + 2) bits: \(error)")
    }
  }
}
