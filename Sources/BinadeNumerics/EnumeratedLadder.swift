/// The ladder of a format of up to 16 bits: all codes decoded and sorted.
public struct EnumeratedLadder: Ladder {
  /// All finite values, ascending; zero once.
  public let rungs: [Rung]
  /// Codes of zeros, infinities and NaN.
  public let specials: SpecialCodes
  /// What overflow gives when the range goes on.
  public let overflowTarget: OverflowTarget?
  /// What an infinite input becomes.
  public let infinityTarget: OverflowTarget?
  /// What a nonzero number next to zero becomes.
  public let underflow: UnderflowTarget
  /// How the range ends below.
  public let lowerEnd: RangeEnd
  /// What would come before the least value.
  public let beforeLeast: Rung
  /// What would come after the greatest value.
  public let afterGreatest: Rung
  private let boundaryRule: @Sendable (Rung, Rung) -> Boundary

  /// The value closest to minus infinity.
  public var least: Rung { rungs[0] }
  /// The greatest finite value.
  public var greatest: Rung { rungs[rungs.count - 1] }

  /// Decodes every code of `format` and sorts the values.
  ///
  /// Throws ``FormatError`` when the format is wider than 16 bits, has fewer than two finite values, gives one
  /// value to two codes, or has a value whose midpoints Doubles cannot hold.
  public init(of format: some NumericFormat) throws(FormatError) {
    let info = format.info
    guard (1...16).contains(info.bitWidth) else {
      throw .needsClosedForm(format: info.name, bitWidth: info.bitWidth)
    }
    var specials = SpecialCodes()
    var finite: [Rung] = []
    for code in 0..<(UInt32(1) << UInt32(info.bitWidth)) where format.isEncodable(code) {
      let value = format.decode(code)
      if value.isNaN {
        if specials.nan == nil || code == info.canonicalNaN { specials.nan = code }
      } else if value == .infinity {
        specials.positiveInfinity = specials.positiveInfinity ?? code
      } else if value == -.infinity {
        specials.negativeInfinity = specials.negativeInfinity ?? code
      } else if value == 0 && value.sign == .minus {
        specials.negativeZero = specials.negativeZero ?? code
      } else {
        guard value == 0 || (0x1p-960...0x1p960).contains(abs(value)) else {
          throw .valueOutOfRange(format: info.name, code: code, value: value)
        }
        finite.append(Rung(code: code, value: value, residual: format.residual(code)))
      }
    }
    if let negativeZero = specials.negativeZero, !finite.contains(where: { $0.value == 0 }) {
      finite.append(Rung(code: negativeZero, value: 0))
      specials.negativeZero = nil
    }
    finite.sort { ($0.value, $0.code) < ($1.value, $1.code) }
    for (one, two) in zip(finite, finite.dropFirst()) where one.value == two.value {
      throw .duplicateValue(format: info.name, value: one.value, codes: [one.code, two.code])
    }
    guard finite.count >= 2 else {
      throw .tooFewValues(format: info.name, count: finite.count)
    }
    specials.zero = finite.first { $0.value == 0 }?.code
    self.rungs = finite
    self.specials = specials
    self.overflowTarget = info.overflowTarget
    self.infinityTarget = info.infinityTarget
    self.underflow = info.underflow
    self.lowerEnd = info.lowerEnd
    let (least, greatest) = (finite[0], finite[finite.count - 1])
    self.beforeLeast = Rung(
      code: least.code &+ 1,
      value: format.valueBeyond(least, inside: finite[1])
    )
    self.afterGreatest = Rung(
      code: greatest.code &+ 1,
      value: format.valueBeyond(greatest, inside: finite[finite.count - 2])
    )
    self.boundaryRule = { format.boundary(between: $0, and: $1) }
  }

  /// The rungs on both sides of a number.
  public func neighbours(of value: Double) -> (lower: Rung, upper: Rung) {
    var low = 0
    var high = rungs.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if rungs[middle].position(of: value) == .belowBoundary {
        high = middle - 1
      } else {
        low = middle
      }
    }
    let lower = rungs[low]
    return lower.position(of: value) == .atBoundary ? (lower, lower) : (lower, rungs[low + 1])
  }

  /// Where rounding to nearest switches.
  public func boundary(between lower: Rung, and upper: Rung) -> Boundary {
    boundaryRule(lower, upper)
  }
}
