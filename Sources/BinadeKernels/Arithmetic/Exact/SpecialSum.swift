/// What NaN and infinite terms make of a sum; finite ones do not matter.
struct SpecialSum: Sendable, Hashable {
  private var hasNaN = false
  private var hasPositiveInfinity = false
  private var hasNegativeInfinity = false

  /// Adds a term that is NaN or an infinity.
  mutating func add(_ term: Double) {
    hasNaN = hasNaN || term.isNaN
    hasPositiveInfinity = hasPositiveInfinity || term == .infinity
    hasNegativeInfinity = hasNegativeInfinity || term == -.infinity
  }

  /// Adds a product of which one factor is NaN or infinite: infinity times zero is NaN.
  mutating func addProduct(_ a: ExactPart, _ b: ExactPart) {
    add(Self.factor(a) * Self.factor(b))
  }

  private static func factor(_ part: ExactPart) -> Double {
    part.isSpecial ? part.special : Double(part.significand.signum())
  }

  /// NaN for a NaN term or infinities of both signs; the infinity if there is one; nil when all terms are finite.
  var value: Double? {
    if hasNaN || (hasPositiveInfinity && hasNegativeInfinity) { return .nan }
    if hasPositiveInfinity { return .infinity }
    return hasNegativeInfinity ? -.infinity : nil
  }
}
