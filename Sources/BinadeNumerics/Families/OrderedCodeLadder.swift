/// The ladder of a wide format whose codes, read as two's complement, ascend with the value: posits and takums.
///
/// Code 0 is zero, 100...0 is NaR, and every other code is a finite number, so neighbours are found among the codes: in a
/// table of every so many codes first, then by interpolation, which needs two or three values where bisection needs as many
/// as the code has bits. Whatever is guessed, a guess only ever narrows the bracket of two codes whose values are known to
/// be on either side.
package struct OrderedCodeLadder: Ladder {
  package let least: Rung
  package let greatest: Rung
  package let beforeLeast: Rung
  package let afterGreatest: Rung
  package let specials: SpecialCodes
  package let overflowTarget: OverflowTarget?
  package let infinityTarget: OverflowTarget?
  package let underflow: UnderflowTarget
  private let format: any NumericFormat
  /// The values of the codes `leastCode + k · 2^cellBitCount`, and of the greatest code at the end.
  private let corners: [Double]
  private let cellBitCount: Int
  private let leastCode: Int64
  private let greatestCode: Int64

  /// Cells of the table: 2^12, or fewer for narrow formats.
  private static let greatestTableBitCount = 12
  /// After so many guesses the bracket is halved instead: interpolation may creep where steps differ a lot.
  private static let greatestGuessCount = 6

  package init(_ format: some NumericFormat) {
    self.format = format
    let signBit = UInt32(1) << UInt32(format.bitWidth - 1)
    func rung(_ code: UInt32) -> Rung {
      Rung(code: code, value: format.decode(code), residual: format.residual(code))
    }
    least = rung(signBit + 1)
    greatest = rung(signBit - 1)
    // Nothing is beyond: overflow gives the extreme value on both sides.
    beforeLeast = Rung(code: signBit, value: -.infinity)
    afterGreatest = Rung(code: signBit, value: .infinity)
    specials = SpecialCodes(zero: 0, nan: signBit)
    overflowTarget = format.info.overflowTarget
    infinityTarget = format.info.infinityTarget
    underflow = format.info.underflow
    let half = Int64(1) << Int64(format.bitWidth - 1)
    let cellBits = max(0, format.bitWidth - Self.greatestTableBitCount)
    (leastCode, greatestCode, cellBitCount) = (-half + 1, half - 1, cellBits)
    let mask = UInt32.max >> UInt32(32 - format.bitWidth)
    func value(_ signedCode: Int64) -> Double {
      format.decode(UInt32(truncatingIfNeeded: signedCode) & mask)
    }
    corners =
      stride(from: -half + 1, to: half - 1, by: 1 << cellBits).map(value) + [value(half - 1)]
  }

  package func neighbours(of value: Double) -> (lower: Rung, upper: Rung) {
    if value == 0 { return (rung(0), rung(0)) }
    var bracket = cell(around: value)
    var guessCount = 0
    while bracket.high - bracket.low > 1 {
      guessCount += 1
      guard guessCount <= Self.greatestGuessCount else {
        narrow(&bracket, at: bracket.low + (bracket.high - bracket.low) / 2, value)
        continue
      }
      let share = (value - bracket.lowValue) / (bracket.highValue - bracket.lowValue)
      let offset = Int64(Double(bracket.high - bracket.low) * min(max(share, 0), 1))
      let guess = min(max(bracket.low + offset, bracket.low + 1), bracket.high - 1)
      narrow(&bracket, at: guess, value)
      // A good guess is one of the neighbours: the code on its other side ends the search.
      let isLow = bracket.low == guess
      if bracket.high - bracket.low > 1 { narrow(&bracket, at: isLow ? guess + 1 : guess - 1, value) }
    }
    let upper = rung(bracket.high)
    switch upper.position(of: value) {
    case .atBoundary: return (upper, upper)
    // An irrational value, just below the Double that it rounds to.
    case .aboveBoundary: return (upper, rung(bracket.high + 1))
    case .belowBoundary: break
    }
    let lower = rung(bracket.low)
    return lower.position(of: value) == .atBoundary ? (lower, lower) : (lower, upper)
  }

  /// Two codes with a value on either side, or equal to one of theirs.
  private struct Bracket {
    var low: Int64
    var high: Int64
    var lowValue: Double
    var highValue: Double
  }

  /// The last corner that is not above `value` and the next one.
  private func cell(around value: Double) -> Bracket {
    var (low, high) = (0, corners.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      // Of an irrational value only its Double is here: an equal one may lie on either side.
      if corners[middle] < value { low = middle } else { high = middle }
    }
    return Bracket(
      low: leastCode + Int64(low) << Int64(cellBitCount),
      high: min(leastCode + Int64(high) << Int64(cellBitCount), greatestCode),
      lowValue: corners[low],
      highValue: corners[high]
    )
  }

  /// Replaces one end of the bracket by a code within.
  private func narrow(_ bracket: inout Bracket, at signedCode: Int64, _ value: Double) {
    let here = format.decode(code(signedCode))
    let isAbove = here == value ? format.residual(code(signedCode)) > 0 : here > value
    if isAbove {
      bracket.high = signedCode
      bracket.highValue = here
    } else {
      bracket.low = signedCode
      bracket.lowValue = here
    }
  }

  package func boundary(between lower: Rung, and upper: Rung) -> Boundary {
    format.boundary(between: lower, and: upper)
  }

  private func rung(_ signedCode: Int64) -> Rung {
    let code = code(signedCode)
    return Rung(code: code, value: format.decode(code), residual: format.residual(code))
  }

  private func code(_ signedCode: Int64) -> UInt32 {
    UInt32(truncatingIfNeeded: signedCode) & (UInt32.max >> UInt32(32 - format.bitWidth))
  }
}
