import CBinadeKernels

/// The gradient rule of a quantizer with one scale: what of the gradient behind it passes, and what learned scales get.
///
/// - Error: each operation rounded to float32 (g·factor; value·(1/scale); Q·unit - v; products and sums in lanes of channels, row
/// after row, added up in Double); the same bits on every instruction set.
package struct QuantizerGradient: Sendable {
  /// Whether clipped values pass none.
  package var clips: Bool
  /// What makes the gradient in units of the kernel that of the values: 1 / (scale · unit).
  package var factor: Float
  /// The scale.
  package var scale: Float
  /// What one unit of the kernel is worth, in values of the format.
  package var unit: Float
  /// Whether values are whole numbers below 2^22 and rounding is to the nearest: what is behind the quantizer follows from what is in
  /// front of it.
  package var isWhole = false
  /// Where values are clipped: the least and the greatest value of the format, or where the step of the greatest ends.
  package var least: Float, greatest: Float
  /// The least and the greatest value, where those that became one of them pass half of the gradient; nil where they pass all of it.
  package var halvedEnds: ClosedRange<Float>?
  private let features: CPUFeatures

  /// Sums for learned scales, per channel.
  package struct Sums: Sendable, Hashable {
    /// Σg(Q(v) - v) inside, Σg above and Σg below.
    package var inside: [Double], above: [Double], below: [Double]

    /// Sums of nothing.
    package init(channels: Int) {
      inside = Array(repeating: 0, count: channels)
      (above, below) = (inside, inside)
    }
  }

  /// A rule.
  package init(
    clips: Bool,
    scale: Float,
    unit: Float,
    least: Float,
    greatest: Float,
    features: CPUFeatures = .detected
  ) {
    (self.clips, self.scale, self.unit, self.least, self.greatest) = (clips, scale, unit, least, greatest)
    factor = 1 / (scale * unit)
    self.features = features
  }

  /// Whether the rule reads what is behind the quantizer.
  ///
  /// `learns`: whether the scale is learned.
  package func needsRounded(learns: Bool) -> Bool { (learns && !isWhole) || halvedEnds != nil }

  /// Applies the rule to some rows.
  ///
  /// `learns`: whether the scale is learned. `rounded`: the values behind the quantizer in units of the kernel; nil where
  /// ``needsRounded(learns:)`` says so.
  ///
  /// - Shape: `gradients` is rowCount x gradientStride, of which `channels` count; `values`, `rounded` and `output` are rowCount x
  ///   channels.
  package func apply(
    _ gradients: UnsafePointer<Float>,
    gradientStride: Int,
    values: UnsafePointer<Float>,
    learns: Bool,
    rounded: UnsafePointer<Float>?,
    rowCount: Int,
    channels: Int,
    into output: UnsafeMutablePointer<Float>,
    _ sums: inout Sums
  ) {
    var job = binade_quantizer_gradient()
    job.features = features.rawValue
    job.clips = clips
    (job.row_count, job.channels, job.gradient_stride) = (rowCount, channels, gradientStride)
    (job.gradients, job.values, job.rounded, job.output) = (gradients, values, rounded, output)
    (job.factor, job.inverse_scale, job.unit) = (factor, 1 / scale, unit)
    (job.least, job.greatest) = (least, greatest)
    if let halvedEnds {
      precondition(!learns && rounded != nil, "halves need what is behind the quantizer, and no sums")
      job.halves_ends = true
      (job.least_value, job.greatest_value) = (halvedEnds.lowerBound, halvedEnds.upperBound)
    }
    guard learns else { return binade_quantizer_gradient_f32(&job) }
    precondition(isWhole || rounded != nil, "scales learn from what is behind the quantizer")
    job.is_whole = isWhole
    precondition(sums.inside.count == channels, "sums of other channels")
    sums.inside.withUnsafeMutableBufferPointer { inside in
      sums.above.withUnsafeMutableBufferPointer { above in
        sums.below.withUnsafeMutableBufferPointer { below in
          (job.inside, job.above, job.below) = (inside.baseAddress, above.baseAddress, below.baseAddress)
          binade_quantizer_gradient_f32(&job)
        }
      }
    }
  }
}
