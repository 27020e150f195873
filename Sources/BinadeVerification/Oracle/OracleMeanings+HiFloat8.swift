import BinadeNumerics

extension OracleMeanings {
  /// A HiFloat8 read bit by bit, in the order of section 2 of the paper: sign, dot, exponent, mantissa.
  static func hiFloat8Meaning(of code: UInt32) -> OracleMeaning {
    let bits = (0..<8).reversed().map { Int(code >> UInt32($0)) & 1 }
    let isNegative = bits[0] == 1
    let magnitude = Array(bits.dropFirst())
    if !magnitude.contains(1) {
      return isNegative ? .nan : .finite(MPFRNumber(0), isNegativeZero: false)
    }
    if magnitude == [1, 1, 0, 1, 1, 1, 1] { return .infinity(isNegative: isNegative) }
    return .finite(hiFloat8Magnitude(bits: magnitude, isNegative: isNegative), isNegativeZero: false)
  }

  /// The number of the seven bits after the sign, whatever they are.
  static func hiFloat8Magnitude(bits: [Int], isNegative: Bool) -> MPFRNumber {
    // The prefix codes of the dot, each with what it says.
    let dots: [(code: [Int], exponentWidth: Int)] = [
      ([1, 1], 4), ([1, 0], 3), ([0, 1], 2), ([0, 0, 1], 1), ([0, 0, 0, 1], 0),
    ]
    func integer(_ bits: some Collection<Int>) -> Int { bits.reduce(0) { 2 * $0 + $1 } }
    let sign: Int64 = isNegative ? -1 : 1
    guard let dot = dots.first(where: { bits.starts(with: $0.code) }) else {
      return MPFRNumber(sign, timesTwoTo: integer(bits.dropFirst(4)) - 23)
    }
    let rest = bits.dropFirst(dot.code.count)
    let exponentBits = rest.prefix(dot.exponentWidth)
    let mantissa = rest.dropFirst(dot.exponentWidth)
    var exponent = 0
    if let exponentSign = exponentBits.first {
      exponent = integer([1] + exponentBits.dropFirst()) * (exponentSign == 1 ? -1 : 1)
    }
    let significand = Int64(integer([1] + mantissa))
    return MPFRNumber(sign * significand, timesTwoTo: exponent - mantissa.count)
  }
}
