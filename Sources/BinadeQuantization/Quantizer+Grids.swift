import BinadeKernels
import BinadeNumerics

extension Quantizer {
  /// One grid for a whole tensor, or one for each channel.
  ///
  /// Uniform grids become one unsigned integer format less a zero point, the narrowest that holds all channels, of which each
  /// uses its part.
  ///
  /// `hasZeroPoints`: whether channels have zero points of their own, for ``parameterBitCount``.
  ///
  /// Throws `FormatError` for channels that together span more than 16 bits.
  ///
  /// - Precondition: there is a grid; all are uniform, or all have the same codec.
  public init(_ grids: [QuantizationGrid], hasZeroPoints: Bool = true, cache: CodecCache) throws(FormatError)
  {
    precondition(!grids.isEmpty, "no grids")
    let scales = Scales(grids.map(\.scale))
    guard grids.allSatisfy(\.isUniform) else {
      self.init(grids[0].bulkCodec, scales: scales)
      return
    }
    let least = grids.reduce(0) { min($0, Int($1.least)) }
    let greatest = grids.reduce(0) { max($0, Int($1.greatest)) }
    let width = max(1, Int.bitWidth - (greatest - least).leadingZeroBitCount)
    let format = try IntegerFormat(
      info: FormatInfo(name: "uint\(width)", bitWidth: width, family: .integer),
      isSigned: false
    )
    let usesAll = grids.allSatisfy { Int($0.least) == least && Int($0.greatest) == least + 1 << width - 1 }
    let widths = grids.map(\.bitWidth)
    self.init(
      try cache.codec(
        for: format,
        shift: Double(-least),
        policy: ConversionPolicy(rounding: .nearestEven, overflow: .saturate)
      ),
      zeroPoint: usesAll && hasZeroPoints ? -least : 0,
      scales: scales,
      limits: usesAll
        ? nil : ChannelLimits(least: grids.map(\.least), greatest: grids.map(\.greatest), bitWidths: widths),
      channelBitCount: ((hasZeroPoints ? 8 : 0) + (Set(widths).count > 1 ? 4 : 0)) * grids.count
    )
  }
}
