import CBinadeKernels

/// The gradient of a batch norm's input, a·g + c·z + d per channel, written into a map with a rim of zeros.
///
/// - Error: three roundings per element, in the order (a·g, + c·z, + d).
package struct GradientFill: Sendable {
  private let a: [Float]
  private let c: [Float]
  private let d: [Float]
  private let features: CPUFeatures

  /// Factors per channel.
  ///
  /// - Precondition: as many of each.
  package init(a: [Float], c: [Float], d: [Float], features: CPUFeatures = .detected) {
    precondition(a.count == c.count && a.count == d.count, "\(a.count), \(c.count) and \(d.count) factors")
    self.a = a
    self.c = c
    self.d = d
    self.features = features
  }

  /// What passes gradients on as they are.
  package static func identity(channels: Int) -> GradientFill {
    let zeros = [Float](repeating: 0, count: channels)
    return GradientFill(a: Array(repeating: 1, count: channels), c: zeros, d: zeros.map { -$0 })
  }

  /// Writes the maps of some images.
  ///
  /// `z`: nil where there is no batch norm.
  ///
  /// - Precondition: the elements of `g` and `z` are the same.
  /// - Shape: `g` and `z` are imageCount x height x width x channels, `output` the same with `rim` pixels on every side.
  package func fill(
    _ output: UnsafeMutablePointer<Float>,
    from g: FeatureMap,
    _ z: FeatureMap?,
    imageCount: Int,
    height: Int,
    width: Int,
    rim: Int
  ) {
    let (line, rimCount) = (width * a.count, rim * a.count)
    let paddedLine = line + 2 * rimCount
    a.withUnsafeBufferPointer { a in
      c.withUnsafeBufferPointer { c in
        d.withUnsafeBufferPointer { d in
          var job = binade_gradient_fill()
          job.features = features.rawValue
          (job.a, job.c, job.d) = (a.baseAddress, c.baseAddress, d.baseAddress)
          job.channels = a.count
          job.row_count = rim == 0 ? imageCount * height * width : width
          var target = output
          func clear(_ count: Int) {
            target.update(repeating: 0, count: count)
            target += count
          }
          for number in 0..<(rim == 0 ? 1 : imageCount * height) {
            if rim > 0, number % height == 0 { clear(rim * paddedLine) }
            clear(rimCount)
            job.g = UnsafeRawPointer((g + number * line).base)
            job.z = z.map { UnsafeRawPointer(($0 + number * line).base) }
            job.output = target
            switch g.element {
            case .float32: binade_gradient_fill_f32(&job)
            case .bfloat16: binade_gradient_fill_bf16(&job)
            }
            target += line
            clear(rimCount)
            if rim > 0, number % height == height - 1 { clear(rim * paddedLine) }
          }
        }
      }
    }
  }
}
