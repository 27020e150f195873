/// The codes of one matrix, and the integers they stand for.
struct ExactOperand: Sendable {
  /// Every value is a multiple of 2^quantum.
  let quantum: Int
  /// Bits of the greatest magnitude in units of 2^quantum.
  let bitCount: Int
  /// The finite values that the matrix holds, by code.
  private let present: [(code: Int, integer: Int64)]
  private let codeCount: Int
  /// Whether some codes are NaN or an infinity.
  let hasSpecials: Bool

  /// Looks at the codes of a matrix; nil when their values do not fit 62 bits.
  ///
  /// - Precondition: the format has at most 16 bits.
  init?(_ matrix: CodedMatrix, of values: ExactValues) {
    let codeCount = 1 << values.format.bitWidth
    var isPresent = [Bool](repeating: false, count: codeCount)
    isPresent.withUnsafeMutableBufferPointer { flags in
      for code in matrix.codes { flags[Int(code)] = true }
    }
    self.init(
      isPresent.indices.lazy.filter { isPresent[$0] }.map { ($0, values.part(UInt32($0))) },
      codeCount: codeCount
    )
  }

  /// Looks at operands given by code, those of `codes` only; nil when their values do not fit 62 bits.
  init?(_ values: [Float], codes: Set<UInt32>) {
    self.init(codes.sorted().map { (Int($0), ExactPart(Double(values[Int($0)]))) }, codeCount: values.count)
  }

  private init?(_ parts: [(Int, ExactPart)], codeCount: Int) {
    self.codeCount = codeCount
    hasSpecials = parts.contains { $0.1.isSpecial }
    let finite = parts.filter { $0.1.significand != 0 }
    let quantum = finite.map(\.1.exponent).min() ?? 0
    let bitCount = finite.map { $0.1.exponent - quantum + $0.1.bitCount }.max() ?? 0
    guard bitCount <= 62 else { return nil }
    self.quantum = quantum
    self.bitCount = bitCount
    present = finite.map { ($0.0, $0.1.significand << Int64($0.1.exponent - quantum)) }
  }

  /// The greatest magnitude of each limb.
  func limbBounds(width: Int) -> [Int] {
    var bounds: [Int] = []
    for (_, integer) in present {
      Self.forEachLimb(of: integer, width: width) { index, limb in
        if index == bounds.count { bounds.append(0) }
        bounds[index] = max(bounds[index], abs(Int(limb)))
      }
    }
    return bounds
  }

  /// The limbs of every code, one table for each place; zero for codes that the matrix does not hold.
  func limbs(width: Int) -> [[Int16]] {
    var tables: [[Int16]] = []
    for (code, integer) in present {
      Self.forEachLimb(of: integer, width: width) { index, limb in
        if index == tables.count { tables.append(Array(repeating: 0, count: codeCount)) }
        tables[index][code] = limb
      }
    }
    return tables
  }

  /// Signed digits of -2^(width - 1) ..< 2^(width - 1), the lowest first.
  private static func forEachLimb(of integer: Int64, width: Int, _ body: (Int, Int16) -> Void) {
    var rest = integer
    var index = 0
    while rest != 0 {
      let limb = (rest << Int64(64 - width)) >> Int64(64 - width)
      body(index, Int16(limb))
      rest = (rest - limb) >> Int64(width)
      index += 1
    }
  }
}
