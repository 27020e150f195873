/// The ladder of a wide format whose codes, read as two's complement, ascend with the value: posits and takums.
///
/// Code 0 is zero, 100...0 is NaR, and every other code is a finite number, so neighbours are found by bisecting the
/// codes.
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
  }

  package func neighbours(of value: Double) -> (lower: Rung, upper: Rung) {
    let half = Int64(1) << Int64(format.bitWidth - 1)
    var low = -half + 1
    var high = half - 1
    while low < high {
      let middle = (low + high + 1) >> 1
      if rung(middle).position(of: value) == .belowBoundary { high = middle - 1 } else { low = middle }
    }
    let lower = rung(low)
    return lower.position(of: value) == .atBoundary ? (lower, lower) : (lower, rung(low + 1))
  }

  package func boundary(between lower: Rung, and upper: Rung) -> Boundary {
    format.boundary(between: lower, and: upper)
  }

  private func rung(_ signedCode: Int64) -> Rung {
    let mask = UInt32.max >> UInt32(32 - format.bitWidth)
    let code = UInt32(truncatingIfNeeded: signedCode) & mask
    return Rung(code: code, value: format.decode(code), residual: format.residual(code))
  }
}
