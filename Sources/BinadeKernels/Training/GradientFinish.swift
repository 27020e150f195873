import CBinadeKernels

/// Finishes the gradient of a feature map while it is in the cache: adds what other readers contribute, puts 0 where ReLU gave
/// 0, and adds up what the batch norm before it needs.
///
/// - Error: every operation rounded to float32, in this order; sums as in ``OutputMoments``.
package struct GradientFinish {
  /// What tells where the ReLU that made the map passes gradients.
  package enum Rectification {
    /// There is no ReLU.
    case none
    /// The map itself: above 0.
    case map(UnsafePointer<Float>)
    /// The raw sums before batch norm: where z·scale + bias is above 0.
    case sums(scales: [Float], bias: [Float])
  }

  /// Pixels x channels.
  private let output: UnsafeMutablePointer<Float>
  private let channels: Int
  private let addend: UnsafePointer<Float>?
  private let rectification: Rectification
  private let z: UnsafePointer<Float>?
  private let center: [Float]?
  private let features: CPUFeatures

  /// A pass over a map.
  ///
  /// `addend`: the gradient from the map's other readers.
  /// `z`, `center`: the raw sums before the batch norm that made the map, and what they are taken relative to; without them,
  /// only gradients are added up.
  ///
  /// - Shape: `output`, `addend`, `z` and a map of `rectification` are pixels x channels.
  /// - Precondition: a rectification by sums has `z`.
  package init(
    _ output: UnsafeMutablePointer<Float>,
    channels: Int,
    addend: UnsafePointer<Float>? = nil,
    rectification: Rectification = .none,
    z: UnsafePointer<Float>? = nil,
    center: [Float]? = nil,
    features: CPUFeatures = .detected
  ) {
    if case .sums = rectification {
      precondition(z != nil, "ReLU is to be seen from sums that are not given")
    }
    self.output = output
    self.channels = channels
    self.addend = addend
    self.rectification = rectification
    self.z = z
    self.center = center
    self.features = features
  }

  /// Finishes some pixels.
  ///
  /// `firstPixel`, `pixelStep`: which pixels of the map; the sums of each lie `rowStride` elements apart.
  package func finish(
    _ sums: UnsafePointer<Float>,
    rowStride: Int,
    rowCount: Int,
    firstPixel: Int,
    pixelStep: Int = 1,
    _ totals: inout ChannelSums
  ) {
    let first = firstPixel * channels
    var job = binade_gradient_finish()
    job.features = features.rawValue
    job.row_count = rowCount
    job.row_stride = rowStride
    job.channels = channels
    job.pixel_stride = pixelStep * channels
    job.output = output + first
    if let addend { job.addend = addend + first }
    if let z { job.z = z + first }
    totals.first.withUnsafeMutableBufferPointer { gradients in
      totals.second.withUnsafeMutableBufferPointer { products in
        job.gradients = gradients.baseAddress
        if center != nil { job.products = products.baseAddress }
        switch rectification {
        case .none: run(&job, sums)
        case .map(let map):
          job.mask = map + first
          run(&job, sums)
        case .sums(let scales, let bias):
          scales.withUnsafeBufferPointer { scales in
            bias.withUnsafeBufferPointer { bias in
              (job.scales, job.bias) = (scales.baseAddress, bias.baseAddress)
              run(&job, sums)
            }
          }
        }
      }
    }
  }

  private func run(_ job: inout binade_gradient_finish, _ sums: UnsafePointer<Float>) {
    guard let center else {
      binade_gradient_finish_f32(&job, sums)
      return
    }
    center.withUnsafeBufferPointer {
      job.center = $0.baseAddress
      binade_gradient_finish_f32(&job, sums)
    }
  }
}
