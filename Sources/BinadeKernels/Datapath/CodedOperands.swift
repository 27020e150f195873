/// What the codes of a format are to a kernel: a table, or one addition where that says the same.
struct CodeTable<Operand: BitwiseCopyable & Sendable>: Sendable {
  /// The operand of each code.
  let operands: [Operand]
  /// What every operand of an 8-bit integer format is more than its code, modulo 2^8; nil for other formats.
  ///
  /// A vector of codes is decoded at once then.
  let offset: UInt8?

  init(_ operands: [Operand], bytes: (Operand) -> UInt8?) {
    self.operands = operands
    let first = operands.first.flatMap(bytes)
    let isShift =
      operands.count == 256
      && operands.enumerated().allSatisfy { code, operand in
        guard let first, let byte = bytes(operand) else { return false }
        return byte == UInt8(code) &+ first
      }
    offset = isShift ? first : nil
  }

  /// Decodes `count` codes.
  @inline(__always)
  func decode<Code: FixedWidthInteger>(
    _ codes: UnsafePointer<Code>,
    count: Int,
    into target: UnsafeMutablePointer<Operand>
  ) {
    if let offset, Code.self == UInt8.self {
      let source = UnsafeRawPointer(codes)
      let bytes = UnsafeMutableRawPointer(target)
      for index in 0..<count {
        let code = source.load(fromByteOffset: index, as: UInt8.self)
        bytes.storeBytes(of: code &+ offset, toByteOffset: index, as: UInt8.self)
      }
      return
    }
    operands.withUnsafeBufferPointer { operands in
      for index in 0..<count { target[index] = operands[Int(codes[index])] }
    }
  }
}

/// A row-major matrix of codes as the left operand, decoded block by block.
struct CodedRows<Code: FixedWidthInteger, Operand: BitwiseCopyable & Sendable & ExpressibleByIntegerLiteral>:
  RowSource
{
  private let base: UnsafePointer<Code>
  private let depth: Int
  private let paddedDepth: Int
  private let table: CodeTable<Operand>

  init(_ base: UnsafePointer<Code>, depth: Int, group: Int, table: CodeTable<Operand>) {
    self.base = base
    self.depth = depth
    self.table = table
    paddedDepth = (depth + group - 1) / group * group
  }

  func scratchCount(rowCount: Int) -> Int { rowCount * paddedDepth }

  func locate(
    _ rows: Range<Int>,
    scratch: UnsafeMutablePointer<Operand>,
    addresses: UnsafeMutablePointer<UnsafeRawPointer?>
  ) {
    for (index, row) in rows.enumerated() {
      let copy = scratch + index * paddedDepth
      table.decode(base + row * depth, count: depth, into: copy)
      for p in depth..<paddedDepth { copy[p] = 0 }
      addresses[index] = UnsafeRawPointer(copy)
    }
  }
}

/// A row-major matrix of codes as the right operand, decoded while packing.
struct CodedColumns<Code: FixedWidthInteger, Operand: BitwiseCopyable & Sendable>: ColumnSource {
  private let codes: UnsafeBufferPointer<Code>
  private let rowStride: Int
  private let table: CodeTable<Operand>

  init(_ codes: UnsafeBufferPointer<Code>, rowStride: Int, table: CodeTable<Operand>) {
    self.codes = codes
    self.rowStride = rowStride
    self.table = table
  }

  @inline(__always)
  func row(
    tap: Int,
    channel: Int,
    columns: Range<Int>,
    scratch: UnsafeMutablePointer<Operand>
  ) -> UnsafePointer<Operand> {
    if let base = codes.baseAddress {
      table.decode(base + (channel * rowStride + columns.lowerBound), count: columns.count, into: scratch)
    }
    return UnsafePointer(scratch)
  }
}
