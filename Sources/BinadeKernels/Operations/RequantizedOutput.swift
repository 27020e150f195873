import BinadeNumerics

/// Where the results of a convolution go as codes, encoded while they are in the cache: what the next layer would encode
/// them to, without a float32 tensor in between.
public struct RequantizedOutput {
  private let codes: UnsafeMutablePointer<UInt8>
  private let codec: BulkCodec
  private let scales: BulkScales

  /// Divides by scales, then encodes with `codec`.
  ///
  /// `scales`: one, or one for each channel of the output.
  ///
  /// - Shape: `codes` holds one byte for each element of the output.
  /// - Error: none beyond those two roundings: the codes are those of ``BulkCodec`` on the float32 results.
  /// - Precondition: the format has at most 8 bits.
  public init(_ codes: UnsafeMutablePointer<UInt8>, codec: BulkCodec, scales: BulkScales) {
    self.init(codes, codec, scales)
    precondition(
      codec.codec.info.bitWidth <= 8,
      "'\(codec.codec.info.name)' has more than 8 bits; an output of codes has one byte for each"
    )
  }

  private init(_ codes: UnsafeMutablePointer<UInt8>, _ codec: BulkCodec, _ scales: BulkScales) {
    (self.codes, self.codec, self.scales) = (codes, codec, scales)
  }

  /// The codes from an element on.
  func from(element: Int) -> RequantizedOutput {
    RequantizedOutput(codes + element, codec, scales.from(element: element))
  }

  /// Encodes results, the first of which goes to `place`.
  func encode(_ values: UnsafeBufferPointer<Float>, to place: Int) {
    codec.encode(values, scales: scales.from(element: place), into: codes + place)
  }
}
