import CBinadeKernels

/// What happens to the sums of a convolution while they are in the cache: scale, bias, residual addition, ReLU.
///
/// y = max(sum · scale + bias + addend, 0), every operation rounded to float32, in this order.
public struct Epilogue: Sendable {
  /// One per output channel.
  public let scales: [Float]
  /// One per output channel.
  public let bias: [Float]
  /// Whether negative results become 0; NaN stays.
  public let appliesReLU: Bool
  private let features: CPUFeatures

  /// An epilogue for `scales.count` output channels.
  ///
  /// - Precondition: as many scales as biases.
  public init(
    scales: [Float],
    bias: [Float],
    appliesReLU: Bool,
    features: CPUFeatures = .detected
  ) {
    precondition(scales.count == bias.count, "\(scales.count) scales and \(bias.count) biases")
    self.scales = scales
    self.bias = bias
    self.appliesReLU = appliesReLU
    self.features = features
  }

  /// Leaves the sums of `channels` output channels as they are.
  public static func identity(channels: Int) -> Epilogue {
    Epilogue(
      scales: Array(repeating: 1, count: channels),
      // -0 + -0 = -0: adding +0 would lose the sign of a zero.
      bias: Array(repeating: -0.0, count: channels),
      appliesReLU: false
    )
  }

  /// Finishes float32 sums.
  ///
  /// - Shape: `sums` is rowCount x rowStride, `addend` and `output` rowCount x channels.
  public func apply(
    _ sums: UnsafePointer<Float>,
    rowStride: Int,
    rowCount: Int,
    addend: UnsafePointer<Float>?,
    into output: UnsafeMutablePointer<Float>
  ) {
    finish(sums, rowStride: rowStride, rowCount: rowCount, addend: addend, into: output)
  }

  /// Finishes int32 sums, each converted to float32 first.
  ///
  /// - Shape: `sums` is rowCount x rowStride, `addend` and `output` rowCount x channels.
  public func apply(
    _ sums: UnsafePointer<Int32>,
    rowStride: Int,
    rowCount: Int,
    addend: UnsafePointer<Float>?,
    into output: UnsafeMutablePointer<Float>
  ) {
    finish(sums, rowStride: rowStride, rowCount: rowCount, addend: addend, into: output)
  }

  /// Finishes sums of either type.
  func finish<Sum: EpilogueSum>(
    _ sums: UnsafePointer<Sum>,
    rowStride: Int,
    rowCount: Int,
    addend: UnsafePointer<Float>?,
    into output: UnsafeMutablePointer<Float>
  ) {
    scales.withUnsafeBufferPointer { scales in
      bias.withUnsafeBufferPointer { bias in
        var job = binade_finish(
          features: features.rawValue,
          applies_relu: appliesReLU,
          row_count: rowCount,
          row_stride: rowStride,
          channels: scales.count,
          scales: scales.baseAddress,
          bias: bias.baseAddress,
          addend: addend,
          output: output
        )
        Sum.finish(&job, sums)
      }
    }
  }
}

/// What an epilogue finishes: sums as a kernel leaves them.
protocol EpilogueSum {
  /// Carries out `job` on `sums`.
  static func finish(_ job: inout binade_finish, _ sums: UnsafePointer<Self>)
}

extension Float: EpilogueSum {
  static func finish(_ job: inout binade_finish, _ sums: UnsafePointer<Float>) {
    binade_finish_f32(&job, sums)
  }
}

extension Int32: EpilogueSum {
  static func finish(_ job: inout binade_finish, _ sums: UnsafePointer<Int32>) {
    binade_finish_s32(&job, sums)
  }
}
