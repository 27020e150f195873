/// A real number held closer than a Double can: an unevaluated sum, and how far from it the number may be.
struct RealNumber: Sendable {
  let sum: DoubleDouble
  /// Numbers closer together than this are the same; 0 when the sum is exact.
  let tolerance: Double
  /// Which side the number lies on of what is within the tolerance; 0 when it is there.
  let lean: Double

  init(_ sum: DoubleDouble, tolerance: Double = 0, lean: Double = 0) {
    self.sum = sum
    self.tolerance = tolerance
    self.lean = lean
  }

  /// Where the number lies relative to a boundary, or to a rung written as one.
  func position(relativeTo boundary: Boundary) -> Position {
    let difference = sum.high - boundary.high
    let rests = abs(sum.low) + abs(boundary.low)
    // Far apart the rests do not matter; close together the difference is exact.
    if abs(difference) > 2 * rests + tolerance {
      return difference < 0 ? .belowBoundary : .aboveBoundary
    }
    let rest = ErrorFreeArithmetic.sum(boundary.low, -sum.low)
    if tolerance > 0, abs(difference - rest.high) <= tolerance {
      return lean == 0 ? .atBoundary : lean < 0 ? .belowBoundary : .aboveBoundary
    }
    if difference != rest.high { return difference < rest.high ? .belowBoundary : .aboveBoundary }
    if rest.low == 0 { return .atBoundary }
    return rest.low > 0 ? .belowBoundary : .aboveBoundary
  }

  func position(relativeTo rung: Rung) -> Position {
    position(relativeTo: Boundary(high: rung.value, low: rung.residual))
  }
}

extension ReferenceEncoder {
  /// Returns the code of a finite real number, rounded once.
  ///
  /// `isNegative`: the sign of a number that is zero or becomes zero.
  func encode(_ number: RealNumber, isNegative: Bool) -> UInt32 {
    if number.position(relativeTo: ladder.least) == .belowBoundary {
      return encodeBeyond(isNegative: true) { number.position(relativeTo: $0) }
    }
    if number.position(relativeTo: ladder.greatest) == .aboveBoundary {
      return encodeBeyond(isNegative: false) { number.position(relativeTo: $0) }
    }
    let (lower, upper) = neighbours(of: number)
    var rung = lower
    if lower.code != upper.code {
      let boundary = ladder.boundary(between: lower, and: upper, for: policy.rounding)
      let position = number.position(relativeTo: boundary)
      rung = ladder.roundsUp(policy.rounding, from: position, lower: lower, upper: upper) ? upper : lower
    }
    if rung.value == 0, isNegative, let negativeZero = ladder.specials.negativeZero {
      return negativeZero
    }
    return rung.code
  }

  /// The rungs on both sides of a number within the range; twice the same when it is one.
  private func neighbours(of number: RealNumber) -> (lower: Rung, upper: Rung) {
    var probe = number.sum.high
    // The Double nearest to a number just inside an irrational end may lie outside.
    if ladder.greatest.position(of: probe) == .aboveBoundary { probe = probe.nextDown }
    if ladder.least.position(of: probe) == .belowBoundary { probe = probe.nextUp }
    var (lower, upper) = ladder.neighbours(of: probe)
    if number.position(relativeTo: lower) == .belowBoundary {
      upper = lower
      lower = ladder.neighbours(of: lower.value.nextDown).lower
    } else if number.position(relativeTo: upper) == .aboveBoundary {
      lower = upper
      upper = ladder.neighbours(of: upper.value.nextUp).upper
    }
    if number.position(relativeTo: lower) == .atBoundary { return (lower, lower) }
    if number.position(relativeTo: upper) == .atBoundary { return (upper, upper) }
    return (lower, upper)
  }
}
