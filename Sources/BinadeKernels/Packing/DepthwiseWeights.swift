import CBinadeKernels

/// A micro-kernel of convolutions; most have a loop of their own for those that do not mix channels.
protocol ConvolutionKernel: MicroKernel where Sum: EpilogueSum {
  /// Whether there is such a loop; otherwise depthwise convolutions are products of one column each.
  static var hasDepthwiseLoop: Bool { get }

  /// The instruction sets that the loop may use.
  var features: CPUFeatures { get }

  /// Whether subnormal operands, sums and results count as 0.
  var flushesSubnormals: Bool { get }

  /// The name of the loop for `features`, for reports.
  static func depthwiseName(_ features: CPUFeatures) -> String

  /// Computes the sums of some pixels.
  ///
  /// `start`: what the sums begin with, one per channel; nil for 0. Only kernels of shifted operands take it.
  static func computeDepthwise(
    _ job: inout binade_depthwise,
    weights: UnsafePointer<ColumnOperand>,
    start: UnsafePointer<Sum>?,
    into sums: UnsafeMutablePointer<Sum>
  )
}

/// The weights of a depthwise convolution, channels innermost as in images.
///
/// As matrix products, one per channel, such a convolution fills one column of a panel and wastes the others.
///
/// - Error: of float32 as in ``ReferenceConvolution``, bit for bit: one fused multiply-add per product, in the order
///   (kernel row, kernel column). Integer sums are exact.
struct DepthwiseWeights<Kernel: ConvolutionKernel>: Sendable {
  /// taps x channels.
  private let weights: [Kernel.ColumnOperand]
  private let start: [Kernel.Sum]?
  /// Per tap, in bytes.
  private let offsets: [Int]
  private let channels: Int

  /// Turns `weights` from PyTorch's order, channels x kernelHeight x kernelWidth.
  init(_ weights: [Kernel.ColumnOperand], shape: ConvolutionShape, start: [Kernel.Sum]?) {
    let taps = shape.depth
    self.weights = (0..<taps).flatMap { tap in
      (0..<shape.outputChannels).map { weights[$0 * taps + tap] }
    }
    self.start = start
    offsets = PatchRows<Kernel.RowOperand>.layout(of: shape).tapOffsets.map {
      $0 * MemoryLayout<Kernel.RowOperand>.stride
    }
    channels = shape.outputChannels
  }

  /// Copies weights that lie channels innermost already: taps x channels.
  init(ordered: UnsafePointer<Kernel.ColumnOperand>, shape: ConvolutionShape) {
    weights = Array(UnsafeBufferPointer(start: ordered, count: shape.depth * shape.outputChannels))
    start = nil
    offsets = PatchRows<Kernel.RowOperand>.layout(of: shape).tapOffsets.map {
      $0 * MemoryLayout<Kernel.RowOperand>.stride
    }
    channels = shape.outputChannels
  }

  /// Computes the sums of the pixels at `addresses`.
  func run(
    _ addresses: UnsafePointer<UnsafeRawPointer?>,
    rowCount: Int,
    kernel: Kernel,
    into sums: UnsafeMutablePointer<Kernel.Sum>,
    rowStride: Int
  ) {
    func compute(start: UnsafePointer<Kernel.Sum>?) {
      weights.withUnsafeBufferPointer { weights in
        offsets.withUnsafeBufferPointer { offsets in
          guard let weights = weights.baseAddress, let offsets = offsets.baseAddress else { return }
          var job = binade_depthwise(
            features: kernel.features.rawValue,
            rows: addresses,
            row_count: rowCount,
            offsets: offsets,
            tap_count: self.offsets.count,
            channels: channels,
            row_stride: rowStride
          )
          let before = kernel.flushesSubnormals ? binade_flush_begin() : 0
          Kernel.computeDepthwise(&job, weights: weights, start: start, into: sums)
          if kernel.flushesSubnormals { binade_flush_end(before) }
        }
      }
    }
    guard let start else {
      compute(start: nil)
      return
    }
    start.withUnsafeBufferPointer { compute(start: $0.baseAddress) }
  }
}

extension ConvolutionKernel {
  static var hasDepthwiseLoop: Bool { true }
  var flushesSubnormals: Bool { false }

  fileprivate static func instructionSet(_ features: CPUFeatures) -> String {
    String(cString: binade_depthwise_name(features.rawValue))
  }
}

extension FloatMicroKernel: ConvolutionKernel {
  static func depthwiseName(_ features: CPUFeatures) -> String {
    "float32 depthwise \(instructionSet(features))"
  }

  static func computeDepthwise(
    _ job: inout binade_depthwise,
    weights: UnsafePointer<Float>,
    start: UnsafePointer<Float>?,
    into sums: UnsafeMutablePointer<Float>
  ) {
    binade_depthwise_f32(&job, weights, sums)
  }
}

extension Int16MicroKernel: ConvolutionKernel {
  static func depthwiseName(_ features: CPUFeatures) -> String {
    "int16 depthwise \(instructionSet(features))"
  }

  static func computeDepthwise(
    _ job: inout binade_depthwise,
    weights: UnsafePointer<Int16>,
    start: UnsafePointer<Int32>?,
    into sums: UnsafeMutablePointer<Int32>
  ) {
    binade_depthwise_s16(&job, weights, sums)
  }
}

extension ByteMicroKernel: ConvolutionKernel {
  static func depthwiseName(_ features: CPUFeatures) -> String {
    "int8 depthwise \(instructionSet(features))"
  }

  static func computeDepthwise(
    _ job: inout binade_depthwise,
    weights: UnsafePointer<Int8>,
    start: UnsafePointer<Int32>?,
    into sums: UnsafeMutablePointer<Int32>
  ) {
    binade_depthwise_u8s8(&job, weights, start, sums)
  }
}

/// The order of roundings matters here: sums go through the micro-kernel alone.
extension RoundedMicroKernel: ConvolutionKernel {
  static var hasDepthwiseLoop: Bool { false }
  var features: CPUFeatures { [] }

  static func depthwiseName(_ features: CPUFeatures) -> String {
    preconditionFailure("rounded accumulators have no depthwise loop")
  }

  static func computeDepthwise(
    _ job: inout binade_depthwise,
    weights: UnsafePointer<Float>,
    start: UnsafePointer<Float>?,
    into sums: UnsafeMutablePointer<Float>
  ) {
    preconditionFailure("rounded accumulators have no depthwise loop")
  }
}
