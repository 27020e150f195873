import BinadeNumerics
import CBinadeKernels

/// The rounding of float32 lanes that were rounded to odd, element by element.
enum ElementRounding: Sendable {
  /// A few instructions.
  case closedForm(binade_rounding)
  /// The codec's table.
  case codec(FormatCodec)

  /// Nil when lanes of float32 cannot tell the format's values and boundaries apart.
  init?(_ target: AccumulatorFormat) {
    if let form = binade_rounding(target), form.grid != UInt32(BINADE_GRID_FLOAT) {
      self = .closedForm(form)
    } else if Self.isDecidedByOddFloats(target) {
      self = .codec(target.codec)
    } else {
      return nil
    }
  }

  /// Whether every value and every boundary is a Float with an even last bit.
  ///
  /// Then a number and its Float rounded to odd lie on the same side of all of them. What lies beyond the Floats is on the
  /// same side as the greatest one.
  private static func isDecidedByOddFloats(_ target: AccumulatorFormat) -> Bool {
    guard !target.wraps, let rungs = target.codec.rungs else { return false }
    let ladder = target.codec.reference.ladder
    let all = [ladder.beforeLeast] + rungs + [ladder.afterGreatest]
    let boundaries = zip(all, all.dropFirst()).map { ladder.boundary(between: $0, and: $1) }
    let numbers = all.map(\.value) + boundaries.map(\.high)
    return boundaries.allSatisfy { $0.low == 0 }
      && numbers.allSatisfy { number in
        let float = Float(number)
        return abs(number) > Double(Float.greatestFiniteMagnitude)
          || (Double(float) == number && float.bitPattern & 1 == 0)
      }
  }

  /// In words, for reports.
  var name: String {
    switch self {
    case .closedForm: "closed form"
    case .codec: "codec"
    }
  }
}
