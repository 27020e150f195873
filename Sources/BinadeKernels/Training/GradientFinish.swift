import CBinadeKernels

/// Finishes the gradient of a feature map while it is in the cache: adds what other readers contribute, puts 0 where ReLU gave
/// 0, and adds up what the batch norm before it needs.
///
/// - Error: every operation rounded to float32, in this order; what is stored as bfloat16 is rounded before it is added up, sums
/// as in ``OutputMoments``.
package struct GradientFinish {
  /// What tells where the ReLU that made the map passes gradients.
  package enum Rectification {
    /// There is no ReLU.
    case none
    /// The map itself: above 0.
    case map(FeatureMap)
    /// The raw sums before batch norm: where z·scale + bias is above 0.
    case sums(scales: [Float], bias: [Float])
  }

  /// Pixels x channels.
  private let output: FeatureMap
  private let channels: Int
  private let addend: FeatureMap?
  private let rectification: Rectification
  private let z: FeatureMap?
  private let center: [Float]?
  private let features: CPUFeatures

  /// A pass over a map.
  ///
  /// `addend`: the gradient from the map's other readers.
  /// `z`, `center`: the raw sums before the batch norm that made the map, and what they are taken relative to; without them,
  /// only gradients are added up.
  ///
  /// - Shape: `output`, `addend`, `z` and a map of `rectification` are pixels x channels.
  /// - Precondition: a rectification by sums has `z`; the elements of all maps are the same.
  package init(
    _ output: FeatureMap,
    channels: Int,
    addend: FeatureMap? = nil,
    rectification: Rectification = .none,
    z: FeatureMap? = nil,
    center: [Float]? = nil,
    features: CPUFeatures = .detected
  ) {
    if case .sums = rectification {
      precondition(z != nil, "ReLU is to be seen from sums that are not given")
    }
    var maps = [addend, z].compactMap { $0 }
    if case .map(let map) = rectification { maps.append(map) }
    precondition(maps.allSatisfy { $0.element == output.element }, "maps of several elements")
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
    job.output = (output + first).base
    if let addend { job.addend = UnsafeRawPointer((addend + first).base) }
    if let z { job.z = UnsafeRawPointer((z + first).base) }
    totals.first.withUnsafeMutableBufferPointer { gradients in
      totals.second.withUnsafeMutableBufferPointer { products in
        job.gradients = gradients.baseAddress
        if center != nil { job.products = products.baseAddress }
        switch rectification {
        case .none: run(&job, sums)
        case .map(let map):
          job.mask = UnsafeRawPointer((map + first).base)
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
    guard let center else { return compute(&job, sums) }
    center.withUnsafeBufferPointer {
      job.center = $0.baseAddress
      compute(&job, sums)
    }
  }

  private func compute(_ job: inout binade_gradient_finish, _ sums: UnsafePointer<Float>) {
    switch output.element {
    case .float32: binade_gradient_finish_f32(&job, sums)
    case .bfloat16: binade_gradient_finish_bf16(&job, sums)
    }
  }
}
