/// The ladder of a fixed-point format of any width, in closed form.
package struct UniformLadder: Ladder {
  package let least: Rung
  package let greatest: Rung
  package let beforeLeast: Rung
  package let afterGreatest: Rung
  package let specials = SpecialCodes(zero: 0)
  package let overflowTarget: OverflowTarget? = nil
  private let quantum: Double
  private let codeMask: UInt32

  package init(_ format: FixedPointFormat) {
    let width = format.bitWidth
    quantum = format.quantum
    codeMask = UInt32.max >> UInt32(32 - width)
    let leastStep = format.isSigned ? -(Int64(1) << (width - 1)) : 0
    let greatestStep = leastStep + (Int64(1) << width) - 1
    let (quantum, codeMask) = (quantum, codeMask)
    func rung(_ step: Int64) -> Rung {
      Rung(
        code: UInt32(truncatingIfNeeded: step) & codeMask,
        value: Double(step) * quantum
      )
    }
    least = rung(leastStep)
    greatest = rung(greatestStep)
    beforeLeast = Rung(code: least.code &+ 1, value: Double(leastStep - 1) * quantum)
    afterGreatest = Rung(code: greatest.code &+ 1, value: Double(greatestStep + 1) * quantum)
  }

  package func neighbours(of value: Double) -> (lower: Rung, upper: Rung) {
    let step = (value / quantum).rounded(.down)
    let lower = rung(step)
    return lower.value == value ? (lower, lower) : (lower, rung(step + 1))
  }

  package func boundary(between lower: Rung, and upper: Rung) -> Boundary {
    .midpoint(lower.value, upper.value)
  }

  private func rung(_ step: Double) -> Rung {
    Rung(code: UInt32(truncatingIfNeeded: Int64(step)) & codeMask, value: step * quantum)
  }
}
