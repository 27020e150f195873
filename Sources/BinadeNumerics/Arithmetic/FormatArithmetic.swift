/// Arithmetic between the codes of a format: the exact result of each operation, rounded once.
///
/// Special values follow IEEE 754-2019, clauses 6 and 7, where the format has them: NaN in, NaN out; infinity less
/// infinity, zero times infinity, 0/0 and the root of a negative number are NaN; x/0 is an infinity, or NaN where the
/// format says so (P3109, posits, takums, logarithmic formats). An exact zero sum is +0, or -0 under `down`. In a format
/// without NaN, ``isNaN(_:_:_:_:)`` tells which results have no code.
///
/// - Error: none when the values are Doubles. Logarithmic values are irrational: results are held to 2^-95, and two
///   numbers closer than 2^-88 of the operands are taken for equal, as products and powers that fall on a value are.
public struct FormatArithmetic: Sendable {
  /// What the result is encoded with.
  public let codec: FormatCodec
  private let values: [Double]
  private let residuals: [Double]?
  private let format: any NumericFormat
  private let fitsFloat: Bool

  /// Prepares arithmetic in `format`.
  ///
  /// Throws ``FormatError`` for formats with magnitudes outside 2^-480 to 2^480, whose products Doubles cannot hold, and
  /// for wrapping formats of more than 26 bits.
  public init(_ format: any NumericFormat, policy: ConversionPolicy = ConversionPolicy())
    throws(FormatError)
  {
    codec = try FormatCodec(format, policy: policy)
    self.format = format
    let ladder = codec.reference.ladder
    let limits = try FormatLimits(of: format)
    guard limits.greatestFiniteMagnitude <= 0x1p480, limits.leastNonzeroMagnitude >= 0x1p-480 else {
      throw .invalidParameter(
        format: format.name,
        parameter: "magnitudes",
        found: "\(limits.leastNonzeroMagnitude) to \(limits.greatestFiniteMagnitude)",
        allowed: "2^-480 to 2^480 for arithmetic"
      )
    }
    if policy.wraps, format.bitWidth > 26 {
      throw .invalidParameter(
        format: format.name,
        parameter: "bitWidth",
        found: "\(format.bitWidth)",
        allowed: "at most 26 for arithmetic that wraps around"
      )
    }
    let isTabled = format.bitWidth <= 16
    values = isTabled ? format.codes.map { format.decode(UInt32($0)) } : []
    let rests = isTabled ? format.codes.map { format.residual(UInt32($0)) } : []
    let isIrrational = isTabled ? rests.contains { $0 != 0 } : format.residual(3) != 0
    residuals = isIrrational ? rests : nil
    fitsFloat = (ladder as? EnumeratedLadder).map { !isIrrational && $0.fitsFloat } ?? false
  }

  /// Returns the code of `operation` applied to codes; operands it does not take are ignored.
  ///
  /// - Precondition: codes are below 2^bitWidth.
  public func apply(_ operation: ArithmeticOperation, _ a: UInt32, _ b: UInt32 = 0, _ c: UInt32 = 0) -> UInt32
  {
    let (x, y, z) = (value(a), value(b), value(c))
    if let special = special(operation, x, y, z) { return codec.encode(special) }
    if residuals != nil {
      let number = irrational(operation, exact(a, x), exact(b, y), exact(c, z))
      return encode(number, zero: zero(operation, x, y, z))
    }
    let sum = exactResult(operation, x, y, z)
    return encode(RealNumber(sum), zero: zero(operation, x, y, z))
  }

  /// The finite result of an operation on Doubles.
  private func exactResult(_ operation: ArithmeticOperation, _ x: Double, _ y: Double, _ z: Double)
    -> DoubleDouble
  {
    switch operation {
    case .add: ErrorFreeArithmetic.sum(x, y)
    case .sub: ErrorFreeArithmetic.sum(x, -y)
    case .mul: ErrorFreeArithmetic.product(x, y)
    case .div: ErrorFreeArithmetic.quotient(x, y)
    case .sqrt: ErrorFreeArithmetic.squareRoot(x)
    case .fma: ErrorFreeArithmetic.fusedProduct(x, y, plus: z)
    }
  }

  /// Whether values are irrational.
  var isIrrational: Bool { residuals != nil }

  /// The result as a Double on the same side of every number of 52 bits as the exact one; zeros, infinities and NaN as they
  /// are.
  ///
  /// - Precondition: values are not irrational.
  func roundedToOdd(_ operation: ArithmeticOperation, _ a: UInt32, _ b: UInt32, _ c: UInt32) -> Double {
    let (x, y, z) = (value(a), value(b), value(c))
    if let special = special(operation, x, y, z) { return special }
    let sum = exactResult(operation, x, y, z)
    return sum.high == 0 ? zero(operation, x, y, z) : sum.roundedToOdd
  }

  /// Whether the result is NaN: what a format without NaN has no code for.
  public func isNaN(_ operation: ArithmeticOperation, _ a: UInt32, _ b: UInt32 = 0, _ c: UInt32 = 0) -> Bool {
    special(operation, value(a), value(b), value(c))?.isNaN ?? false
  }

  /// Returns the code of the number that `code` of `other` stands for.
  public func convert(_ code: UInt32, from other: any NumericFormat) -> UInt32 {
    let value = other.decode(code)
    let residual = other.residual(code)
    if residual == 0 || !value.isFinite { return codec.encode(value) }
    if codec.policy.wraps {
      return codec.encode(DoubleDouble(high: value, low: residual).roundedToOdd)
    }
    let number = RealNumber(DoubleDouble(high: value, low: residual), tolerance: abs(value) * 0x1p-95)
    return codec.reference.encode(number, isNegative: value < 0)
  }

  private func value(_ code: UInt32) -> Double {
    values.isEmpty ? format.decode(code) : values[Int(code)]
  }

  private func exact(_ code: UInt32, _ value: Double) -> DoubleDouble {
    guard let residuals else { return DoubleDouble(high: value, low: 0) }
    return DoubleDouble(
      high: value,
      low: residuals.isEmpty ? format.residual(code) : residuals[Int(code)]
    )
  }

  /// The operation in Double: right for special values, for the sign of a zero, and roughly for the rest.
  private func approximate(_ operation: ArithmeticOperation, _ x: Double, _ y: Double, _ z: Double) -> Double
  {
    switch operation {
    case .add: x + y
    case .sub: x - y
    case .mul: x * y
    case .div: x / y
    case .sqrt: x.squareRoot()
    case .fma: z.addingProduct(x, y)
    }
  }

  /// NaN or an infinity, when the exact result is one; nil for finite results.
  private func special(_ operation: ArithmeticOperation, _ x: Double, _ y: Double, _ z: Double) -> Double? {
    if operation == .div, y == 0, format.info.divisionByZero == .nan { return .nan }
    let result = approximate(operation, x, y, z)
    if !result.isFinite { return result }
    // A finite result of infinite operands: x / infinity is a zero.
    return operation == .div && y.isInfinite ? result : nil
  }

  /// The zero that an exact result of zero is.
  ///
  /// IEEE 754-2019, 6.3: a sum that cancels is +0, but -0 under `down`; equal zeros, products and roots keep their sign.
  private func zero(_ operation: ArithmeticOperation, _ x: Double, _ y: Double, _ z: Double) -> Double {
    // Irrational values that cancel need not do so in Double.
    let rough = approximate(operation, x, y, z)
    let sign = rough == 0 ? rough : 0
    guard codec.policy.rounding == .down else { return sign }
    let addends: (Double, Double)
    switch operation {
    case .add: addends = (x, y)
    case .sub: addends = (x, -y)
    case .fma: addends = (x * y, z)
    case .mul, .div, .sqrt: return sign
    }
    let areBothPositive = addends.0.sign == .plus && addends.1.sign == .plus
    return areBothPositive ? 0 : -0.0
  }

  private func irrational(
    _ operation: ArithmeticOperation,
    _ x: DoubleDouble,
    _ y: DoubleDouble,
    _ z: DoubleDouble
  ) -> RealNumber {
    func sum(_ one: DoubleDouble, _ two: DoubleDouble) -> RealNumber {
      let (small, large) = abs(one.high) < abs(two.high) ? (one.high, two.high) : (two.high, one.high)
      let tolerance = abs(large) * 0x1p-88
      let sum = one + two
      if abs(sum.high) <= tolerance { return RealNumber(DoubleDouble(high: 0, low: 0)) }
      // An addend below what two Doubles can hold still says on which side the sum lies.
      let lean = abs(small) < abs(large) * 0x1p-80 ? small : 0
      return RealNumber(sum, tolerance: tolerance, lean: lean)
    }
    switch operation {
    case .add: return sum(x, y)
    case .sub: return sum(x, -y)
    case .mul:
      let product = x * y
      return RealNumber(product, tolerance: abs(product.high) * 0x1p-88)
    case .div:
      let quotient = x / y
      return RealNumber(quotient, tolerance: abs(quotient.high) * 0x1p-88)
    case .sqrt:
      guard x.high > 0 else { return RealNumber(DoubleDouble(high: 0, low: 0)) }
      let root = x.squareRoot
      return RealNumber(root, tolerance: root.high * 0x1p-88)
    case .fma:
      return sum(x * y, z)
    }
  }

  /// Encodes a finite result; `zero` is what an exact zero is.
  private func encode(_ number: RealNumber, zero: Double) -> UInt32 {
    let sum = number.sum
    if sum.high == 0 { return codec.encode(zero) }
    if fitsFloat { return codec.encode(ElementEncoder.narrowed(sum.roundedToOdd)) }
    if codec.policy.wraps { return codec.encode(sum.roundedToOdd) }
    return codec.reference.encode(number, isNegative: sum.high < 0)
  }
}
