import BinadeNumerics

/// Where the results of a convolution go as codes, encoded while they are in the cache: what the next layer would encode
/// them to, without a float32 tensor in between.
public struct RequantizedOutput {
  private let codes: UnsafeMutableRawPointer
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
    self.init(UnsafeMutableRawPointer(codes), codec: codec, scales: scales)
    precondition(
      codec.codec.info.bitWidth <= 8,
      "'\(codec.codec.info.name)' has more than 8 bits; this output of codes has one byte for each"
    )
  }

  /// The same for codes of a byte, or of two where the format has more than 8 bits.
  ///
  /// - Shape: `codes` holds as many of them as the output has elements, aligned to two bytes if they have two.
  /// - Precondition: the format has at most 16 bits.
  package init(_ codes: UnsafeMutableRawPointer, codec: BulkCodec, scales: BulkScales) {
    precondition(codec.codec.info.bitWidth <= 16, "'\(codec.codec.info.name)' has more than 16 bits")
    (self.codes, self.codec, self.scales) = (codes, codec, scales)
  }

  private var isOfBytes: Bool { codec.codec.info.bitWidth <= 8 }

  /// The codes from an element on.
  func from(element: Int) -> RequantizedOutput {
    let place = codes + (isOfBytes ? element : 2 * element)
    return RequantizedOutput(place, codec: codec, scales: scales.from(element: element))
  }

  /// Encodes results, the first of which goes to `place`.
  func encode(_ values: UnsafeBufferPointer<Float>, to place: Int) {
    let scales = scales.from(element: place)
    if isOfBytes {
      codec.encode(values, scales: scales, into: codes.assumingMemoryBound(to: UInt8.self) + place)
    } else {
      codec.encode(values, scales: scales, into: codes.assumingMemoryBound(to: UInt16.self) + place)
    }
  }
}
