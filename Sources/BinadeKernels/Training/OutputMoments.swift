import CBinadeKernels

/// Keeps the raw sums of a convolution and adds up their moments while they are in the cache.
///
/// - Error: deviations from `center` and their squares are added up in float32 over at most 96 pixels, then in Double: the
///   relative error of the variance is at most about 100·2⁻²⁴ where `center` is within a few deviations of the mean.
package struct OutputMoments: Sendable {
  /// One per channel: near the mean.
  private let center: [Float]
  private let features: CPUFeatures

  /// Moments around `center`.
  package init(center: [Float], features: CPUFeatures = .detected) {
    self.center = center
    self.features = features
  }

  /// Stores the sums of some pixels and adds to `moments` what was stored.
  ///
  /// - Shape: `sums` is rowCount x rowStride, `output` rowCount x channels.
  package func finish(
    _ sums: UnsafePointer<Float>,
    rowStride: Int,
    rowCount: Int,
    into output: FeatureMap,
    _ moments: inout ChannelSums
  ) {
    center.withUnsafeBufferPointer { center in
      moments.first.withUnsafeMutableBufferPointer { deviations in
        moments.second.withUnsafeMutableBufferPointer { squares in
          var job = binade_moments(
            features: features.rawValue,
            row_count: rowCount,
            row_stride: rowStride,
            channels: center.count,
            center: center.baseAddress,
            output: output.base,
            deviations: deviations.baseAddress,
            squares: squares.baseAddress
          )
          switch output.element {
          case .float32: binade_moments_f32(&job, sums)
          case .bfloat16: binade_moments_bf16(&job, sums)
          }
        }
      }
    }
  }
}
