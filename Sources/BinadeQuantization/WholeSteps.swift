import BinadeKernels
import BinadeNumerics

/// The weights of a layer as whole numbers of steps, a step for each output channel: what an integer kernel multiplies.
///
/// Zero points are taken away, so that channels may differ in them and in their bits.
public struct WholeSteps: Sendable {
  /// Output channel after output channel.
  public let values: [Int]
  /// What one step of an output channel is worth.
  public let scales: [Float]

  /// Steps from the codes of one quantizer per output channel.
  public init(_ channels: [(quantizer: AffineQuantizer, codes: [Int])]) {
    values = channels.flatMap { channel in channel.codes.map { $0 - Int(channel.quantizer.zeroPoint) } }
    scales = channels.map { Float($0.quantizer.scale) }
  }

  /// The signed integers that hold all values, at least 2 bits wide.
  public var bitWidth: Int {
    let greatest = values.reduce(0) { max($0, $1 < 0 ? -1 - $1 : $1) }
    return max(2, Int.bitWidth - greatest.leadingZeroBitCount + 1)
  }

  /// The values as codes of ``format()``.
  public var codes: [UInt32] {
    let mask = UInt32(1) << UInt32(bitWidth) - 1
    return values.map { UInt32(truncatingIfNeeded: $0) & mask }
  }

  /// Two's complement of ``bitWidth``.
  ///
  /// Throws `FormatError` for more than 16 bits.
  public func format() throws(FormatError) -> any NumericFormat {
    let width = bitWidth
    return try IntegerFormat(
      info: FormatInfo(name: "int\(width)", bitWidth: width, family: .integer),
      isSigned: true
    )
  }
}

extension Quantizer {
  /// One affine quantizer for a whole tensor: unsigned integers less its zero point.
  ///
  /// Throws `FormatError` for 0 bits.
  public init(_ affine: AffineQuantizer, cache: CodecCache) throws(FormatError) {
    let format = try IntegerFormat(
      info: FormatInfo(name: "uint\(affine.bitWidth)", bitWidth: affine.bitWidth, family: .integer),
      isSigned: false
    )
    self.init(
      try cache.codec(
        for: format,
        shift: affine.zeroPoint,
        policy: ConversionPolicy(rounding: .nearestEven, overflow: .saturate)
      ),
      zeroPoint: Int(affine.zeroPoint),
      scale: Float(affine.scale)
    )
  }
}
