/// Operations on feature maps that have no weights, in Float32; channels innermost.
package enum FeatureMaps {
  /// a + b, then ReLU if asked for.
  package static func add(
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>,
    count: Int,
    appliesReLU: Bool
  ) {
    if appliesReLU {
      for index in 0..<count {
        let sum = a[index] + b[index]
        output[index] = sum < 0 ? 0 : sum
      }
    } else {
      for index in 0..<count { output[index] = a[index] + b[index] }
    }
  }

  /// ReLU; NaN stays.
  package static func rectify(
    _ input: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    for index in 0..<count { output[index] = input[index] < 0 ? 0 : input[index] }
  }

  /// The mean of each channel, summed in the order of pixels.
  package static func average(
    _ input: UnsafePointer<Float>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Float>
  ) {
    let pixelCount = shape.height * shape.width
    for channel in 0..<shape.channels { output[channel] = 0 }
    for pixel in 0..<pixelCount {
      let values = input + pixel * shape.channels
      for channel in 0..<shape.channels { output[channel] += values[channel] }
    }
    for channel in 0..<shape.channels { output[channel] /= Float(pixelCount) }
  }

  /// The greatest value of each window; pixels outside do not count.
  package static func maxPool(
    _ input: UnsafePointer<Float>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Float>,
    _ outputShape: ImageShape,
    window: Int,
    stride: Int,
    padding: Int
  ) {
    let channels = shape.channels
    for y in 0..<outputShape.height {
      let rows = max(0, y * stride - padding)..<min(shape.height, y * stride - padding + window)
      for x in 0..<outputShape.width {
        let columns =
          max(0, x * stride - padding)..<min(shape.width, x * stride - padding + window)
        let greatest = output + (y * outputShape.width + x) * channels
        for channel in 0..<channels { greatest[channel] = -.infinity }
        for row in rows {
          for column in columns {
            let values = input + (row * shape.width + column) * channels
            for channel in 0..<channels {
              // NaN wins and stays: it is not less than or equal to anything.
              let isLess = values[channel] <= greatest[channel]
              greatest[channel] = isLess || greatest[channel].isNaN ? greatest[channel] : values[channel]
            }
          }
        }
      }
    }
  }

  /// Every `stride`-th pixel; zero channels evenly before and after.
  package static func paddedShortcut(
    _ input: UnsafePointer<Float>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Float>,
    _ outputShape: ImageShape,
    stride: Int
  ) {
    let before = (outputShape.channels - shape.channels) / 2
    let after = outputShape.channels - shape.channels - before
    var target = output
    for y in 0..<outputShape.height {
      for x in 0..<outputShape.width {
        target.update(repeating: 0, count: before)
        target += before
        target.update(
          from: input + (y * stride * shape.width + x * stride) * shape.channels,
          count: shape.channels
        )
        target += shape.channels
        target.update(repeating: 0, count: after)
        target += after
      }
    }
  }
}
