/// One value of a format and its code.
public struct Rung: Sendable, Hashable {
  /// The code; of the two zeros of a format with -0, the positive one.
  public let code: UInt32
  /// The value; an irrational one correctly rounded.
  public let value: Double
  /// What `value` leaves over of an irrational one; 0 when the value is a Double.
  public let residual: Double

  /// Creates a rung.
  public init(code: UInt32, value: Double, residual: Double = 0) {
    self.code = code
    self.value = value
    self.residual = residual
  }

  /// Returns where a number lies relative to this rung, exactly: no Double is at an irrational value.
  public func position(of number: Double) -> Position {
    Boundary(high: value, low: residual).position(of: number)
  }
}

/// Where a real number lies between two neighbouring rungs.
public enum Position: Sendable, Hashable, CaseIterable {
  case belowBoundary, atBoundary, aboveBoundary
}

/// A real number between two neighbours where rounding to nearest switches: the exact sum `high + low`.
///
/// A midpoint of two Doubles needs up to 54 bits, an irrational boundary infinitely many: two Doubles hold
/// the first exactly and tell on which side of the second every Double lies.
public struct Boundary: Sendable, Hashable {
  /// The Double nearest to the boundary.
  public let high: Double
  /// What `high` leaves over; never zero for an irrational boundary.
  public let low: Double

  /// Creates the boundary `high + low`.
  ///
  /// - Precondition: `|low|` is at most half an ulp of `high`.
  public init(high: Double, low: Double = 0) {
    self.high = high
    self.low = low
  }

  /// The arithmetic midpoint of `a` and `b`, exact when neither half underflows.
  ///
  /// - Source: Knuth's TwoSum: TAOCP volume 2, section 4.2.2, theorem B.
  public static func midpoint(_ a: Double, _ b: Double) -> Boundary {
    let x = a / 2
    let y = b / 2
    let sum = x + y
    let yPart = sum - x
    let xPart = sum - yPart
    return Boundary(high: sum, low: (x - xPart) + (y - yPart))
  }

  /// Returns where `value` lies, exactly.
  public func position(of value: Double) -> Position {
    if value != high { return value < high ? .belowBoundary : .aboveBoundary }
    if low == 0 { return .atBoundary }
    return low > 0 ? .belowBoundary : .aboveBoundary
  }
}
