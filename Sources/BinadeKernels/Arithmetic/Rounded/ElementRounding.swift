import BinadeNumerics
import CBinadeKernels

/// The rounding of float32 lanes that were rounded to odd, element by element.
enum ElementRounding: Sendable {
  /// A few instructions.
  case closedForm(binade_sum_rounding)
  /// The codec's table.
  case codec(FormatCodec)

  /// Nil when lanes of float32 cannot tell the format's values and boundaries apart.
  init?(_ target: AccumulatorFormat) {
    if let form = binade_sum_rounding(target), form.grid != UInt32(BINADE_GRID_FLOAT) {
      self = .closedForm(form)
    } else if target.isDecidedByOddFloats, let codec = target.codec {
      self = .codec(codec)
    } else {
      return nil
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
