/// What kernels multiply, as something that codes decode to.
protocol CodedOperand: BitwiseCopyable, Sendable, ExpressibleByIntegerLiteral {
  /// The operand as an integer; nil for floats.
  var integer: Int? { get }

  /// Converts codes, plus `offset` modulo 2^8, minus `zero`.
  static func shift(
    _ codes: UnsafePointer<UInt8>,
    count: Int,
    offset: UInt8,
    zero: Int16,
    into target: UnsafeMutablePointer<Self>
  )

  /// Whether the operands are codes of two bytes as they are, NaN aside.
  static func areCodes(_ operands: [Self]) -> Bool

  /// Arranges codes of two bytes that are operands.
  static func arrange(_ codes: UnsafePointer<UInt16>, count: Int, into target: UnsafeMutablePointer<Self>)

  /// Puts consecutive steps of a row, whole groups of them, into the order that the kernel wants within a group.
  static func arrange(_ operands: UnsafeMutablePointer<Self>, count: Int)
}

extension CodedOperand {
  static func areCodes(_ operands: [Self]) -> Bool { false }

  static func arrange(
    _ codes: UnsafePointer<UInt16>,
    count: Int,
    into target: UnsafeMutablePointer<Self>
  ) {
    preconditionFailure("operands of \(Self.self) are no codes")
  }

  @inline(__always)
  static func arrange(_ operands: UnsafeMutablePointer<Self>, count: Int) {}
}

extension UInt8: CodedOperand {
  var integer: Int? { Int(self) }

  @inline(__always)
  static func shift(
    _ codes: UnsafePointer<UInt8>,
    count: Int,
    offset: UInt8,
    zero: Int16,
    into target: UnsafeMutablePointer<UInt8>
  ) {
    for index in 0..<count { target[index] = codes[index] &+ offset }
  }
}

extension Int8: CodedOperand {
  var integer: Int? { Int(self) }

  @inline(__always)
  static func shift(
    _ codes: UnsafePointer<UInt8>,
    count: Int,
    offset: UInt8,
    zero: Int16,
    into target: UnsafeMutablePointer<Int8>
  ) {
    let total = offset &- UInt8(truncatingIfNeeded: zero)
    for index in 0..<count { target[index] = Int8(bitPattern: codes[index] &+ total) }
  }
}

extension Int16: CodedOperand {
  var integer: Int? { Int(self) }

  @inline(__always)
  static func shift(
    _ codes: UnsafePointer<UInt8>,
    count: Int,
    offset: UInt8,
    zero: Int16,
    into target: UnsafeMutablePointer<Int16>
  ) {
    for index in 0..<count { target[index] = Int16(codes[index] &+ offset) &- zero }
  }
}

extension Float: CodedOperand {
  var integer: Int? { nil }

  @inline(__always)
  static func shift(
    _ codes: UnsafePointer<UInt8>,
    count: Int,
    offset: UInt8,
    zero: Int16,
    into target: UnsafeMutablePointer<Float>
  ) {
    preconditionFailure("floats are no shifted codes")
  }
}

/// What the codes of a format are to a kernel: a table, or additions where those say the same.
struct CodeTable<Operand: CodedOperand>: Sendable {
  /// The operand of each code, with zeros up to the greatest byte or 16-bit code: none can reach beyond.
  let operands: [Operand]
  /// Whether bytes hold every code.
  let isOfBytes: Bool
  /// Of 8-bit integers: every operand is its code plus `offset` modulo 2^8, minus `zero`.
  ///
  /// A vector of codes is decoded at once then.
  private let shift: (offset: UInt8, zero: Int16)?
  /// Of bfloat16: the codes are the operands.
  private let isIdentity: Bool

  init(_ operands: [Operand]) {
    isOfBytes = operands.count <= 256
    let capacity = isOfBytes ? 256 : 65_536
    isIdentity = !isOfBytes && Operand.areCodes(operands)
    self.operands = operands + Array(repeating: 0, count: max(0, capacity - operands.count))
    let integers = operands.compactMap(\.integer)
    guard operands.count == 256, integers.count == 256, let least = integers.min(), abs(least) <= 255 else {
      shift = nil
      return
    }
    let offset = UInt8(truncatingIfNeeded: integers[0] - least)
    let isShift = integers.enumerated().allSatisfy { code, integer in
      integer == Int(UInt8(code) &+ offset) + least
    }
    shift = isShift ? (offset, Int16(-least)) : nil
  }

  /// Decodes `count` codes, whole groups of steps, into the order that the kernel wants.
  @inline(__always)
  func decodeGroups<Code: FixedWidthInteger>(
    _ codes: UnsafePointer<Code>,
    count: Int,
    into target: UnsafeMutablePointer<Operand>
  ) {
    if isIdentity, Code.self == UInt16.self {
      Operand.arrange(
        UnsafeRawPointer(codes).assumingMemoryBound(to: UInt16.self),
        count: count,
        into: target
      )
      return
    }
    decode(codes, count: count, into: target)
    Operand.arrange(target, count: count)
  }

  /// Decodes `count` codes.
  @inline(__always)
  func decode<Code: FixedWidthInteger>(
    _ codes: UnsafePointer<Code>,
    count: Int,
    into target: UnsafeMutablePointer<Operand>
  ) {
    if let shift, Code.self == UInt8.self {
      let bytes = UnsafeRawPointer(codes).assumingMemoryBound(to: UInt8.self)
      Operand.shift(bytes, count: count, offset: shift.offset, zero: shift.zero, into: target)
      return
    }
    operands.withUnsafeBufferPointer { operands in
      for index in 0..<count { target[index] = operands[Int(codes[index])] }
    }
  }
}

/// A row-major matrix of codes as the left operand, decoded block by block.
struct CodedRows<Code: FixedWidthInteger, Operand: CodedOperand>: RowSource {
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
      Operand.arrange(copy, count: paddedDepth)
      addresses[index] = UnsafeRawPointer(copy)
    }
  }
}

/// A row-major matrix of codes as the right operand, decoded while packing.
struct CodedColumns<Code: FixedWidthInteger, Operand: CodedOperand>: ColumnSource {
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
