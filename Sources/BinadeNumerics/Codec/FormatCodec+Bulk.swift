extension FormatCodec {
  // One overload per element type instead of a public generic function: a generic one is not specialised for
  // callers in other modules, and runs 50 times slower.

  /// Encodes `input` into `codes`, one byte per element.
  ///
  /// - Shape: `codes` holds at least `input.count` elements.
  /// - Precondition: the format has at most 8 bits.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    into codes: UnsafeMutablePointer<UInt8>
  ) {
    encodeCodes(input, into: codes)
  }

  /// Encodes `input` into `codes`, two bytes per element.
  ///
  /// - Shape: `codes` holds at least `input.count` elements.
  /// - Precondition: the format has at most 16 bits.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    into codes: UnsafeMutablePointer<UInt16>
  ) {
    encodeCodes(input, into: codes)
  }

  /// Encodes `input` into `codes`, four bytes per element.
  ///
  /// - Shape: `codes` holds at least `input.count` elements.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    into codes: UnsafeMutablePointer<UInt32>
  ) {
    encodeCodes(input, into: codes)
  }

  /// Encodes `input` and looks each code up in `table`, one Float per code.
  ///
  /// With the decoded values as the table this rounds to the format; with scaled ones it packs operands.
  ///
  /// - Shape: `output` holds at least `input.count` elements, `table` 2^bitWidth.
  /// - Precondition: the format has at most 16 bits.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    through table: UnsafeBufferPointer<Float>,
    into output: UnsafeMutablePointer<Float>
  ) {
    encodeThrough(table, input, into: output)
  }

  /// Encodes `input` and looks each code up in `table`, one integer per code.
  ///
  /// - Shape: `output` holds at least `input.count` elements, `table` 2^bitWidth.
  /// - Precondition: the format has at most 16 bits.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    through table: UnsafeBufferPointer<Int16>,
    into output: UnsafeMutablePointer<Int16>
  ) {
    encodeThrough(table, input, into: output)
  }

  /// Encodes `input` and looks each code up in `table`, one byte per code.
  ///
  /// - Shape: `output` holds at least `input.count` elements, `table` 2^bitWidth.
  /// - Precondition: the format has at most 16 bits.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    through table: UnsafeBufferPointer<UInt8>,
    into output: UnsafeMutablePointer<UInt8>
  ) {
    encodeThrough(table, input, into: output)
  }

  @inline(__always)
  private func encodeCodes<Code: FixedWidthInteger & UnsignedInteger>(
    _ input: UnsafeBufferPointer<Float>,
    into codes: UnsafeMutablePointer<Code>
  ) {
    precondition(Code.bitWidth >= info.bitWidth, "\(Code.self) is too narrow for '\(info.name)'")
    switch engine {
    case .table(let table, _):
      table.forEachCode(of: input) { codes[$0] = Code(truncatingIfNeeded: $1) }
    case .truncation(let truncation):
      for index in 0..<input.count {
        codes[index] = Code(truncatingIfNeeded: truncation.code(for: input[index]))
      }
    case .tapered(let tapered, _):
      for index in 0..<input.count {
        codes[index] = Code(truncatingIfNeeded: tapered.code(for: input[index]))
      }
    case .wrapping(let wrapping, _):
      for index in 0..<input.count {
        codes[index] = Code(truncatingIfNeeded: wrapping.code(for: Double(input[index])))
      }
    case .reference:
      for index in 0..<input.count {
        codes[index] = Code(truncatingIfNeeded: reference.encode(Double(input[index])))
      }
    }
  }

  @inline(__always)
  private func encodeThrough<Element>(
    _ table: UnsafeBufferPointer<Element>,
    _ input: UnsafeBufferPointer<Float>,
    into output: UnsafeMutablePointer<Element>
  ) {
    precondition(table.count >= 1 << info.bitWidth, "one table entry per code is needed")
    guard case .table(let encodeTable, _) = engine else {
      preconditionFailure("'\(info.name)' has no table; use roundTrip(_:into:)")
    }
    encodeTable.forEachCode(of: input) { output[$0] = table[Int($1)] }
  }
}
