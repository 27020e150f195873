import Binade

/// Which parameter of a format has no effect on networks, because a scale takes it back.
enum ScalingNote {
  /// A sentence; nil where every parameter counts, and where tensors are not scaled.
  static func text(of format: any NumericFormat) -> String? {
    switch (format.info.scaling, format) {
    case (.none, _): nil
    case (_, is BinaryFloatFormat):
      "tensors are scaled to fit, so exponentBias makes no difference to networks: it moves all values by a power of two, "
        + "and the scale moves them back"
    case (_, let fixed as FixedPointFormat):
      "tensors are scaled to fit, so where the binary point stands makes no difference to networks: every split of "
        + "\(fixed.integerBitCount + fixed.fractionBitCount) bits gives the same results"
    default: nil
    }
  }
}
