import BinadeNumerics

extension BulkCodec {
  /// Rounds an array to the values of the format at the scales.
  ///
  /// - Precondition: the scales fit the number of elements.
  public func fakeQuantize(_ values: [Float], scales: BulkScales = .one, threads: Int = 1) -> [Float] {
    [Float](unsafeUninitializedCapacity: values.count) { output, count in
      values.withUnsafeBufferPointer { input in
        if let base = output.baseAddress {
          fakeQuantize(input, scales: scales, threads: threads, into: base)
        }
      }
      count = values.count
    }
  }

  /// Encodes an array into codes without gaps between them.
  ///
  /// - Precondition: the format has at most 8 bits; the scales fit the number of elements.
  public func encodePacked(_ values: [Float], scales: BulkScales = .one, threads: Int = 1) -> PackedCodes {
    let codes = [UInt8](unsafeUninitializedCapacity: values.count) { output, count in
      values.withUnsafeBufferPointer { input in
        if let base = output.baseAddress { encode(input, scales: scales, threads: threads, into: base) }
      }
      count = values.count
    }
    return PackedCodes(codes, bitWidth: codec.info.bitWidth)
  }

  /// Decodes packed codes.
  ///
  /// - Precondition: the codes have the width of the format's; the scales fit their number.
  public func decode(_ packed: PackedCodes, scales: BulkScales = .one, threads: Int = 1) -> [Float] {
    precondition(
      packed.bitWidth == codec.info.bitWidth,
      "codes of \(packed.bitWidth) bits; those of '\(codec.info.name)' have \(codec.info.bitWidth)"
    )
    return [Float](unsafeUninitializedCapacity: packed.count) { output, count in
      packed.unpacked().withUnsafeBufferPointer { codes in
        if let base = output.baseAddress { decode(codes, scales: scales, threads: threads, into: base) }
      }
      count = packed.count
    }
  }
}
