/// Operations on feature maps that have no weights, in Float32.
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

  /// The mean of each plane, summed in order.
  package static func average(
    _ input: UnsafePointer<Float>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Float>
  ) {
    let planeSize = shape.height * shape.width
    for channel in 0..<shape.channels {
      var sum: Float = 0
      for index in 0..<planeSize { sum += input[channel * planeSize + index] }
      output[channel] = sum / Float(planeSize)
    }
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
    for channel in 0..<shape.channels {
      let plane = input + channel * shape.height * shape.width
      for y in 0..<outputShape.height {
        let rows = max(0, y * stride - padding)..<min(shape.height, y * stride - padding + window)
        for x in 0..<outputShape.width {
          let columns =
            max(0, x * stride - padding)..<min(shape.width, x * stride - padding + window)
          var greatest = -Float.infinity
          for row in rows {
            for column in columns {
              let value = plane[row * shape.width + column]
              if value > greatest || value.isNaN { greatest = value }
            }
          }
          output[(channel * outputShape.height + y) * outputShape.width + x] = greatest
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
    let planeSize = outputShape.height * outputShape.width
    for channel in 0..<outputShape.channels {
      let target = output + channel * planeSize
      guard (before..<before + shape.channels).contains(channel) else {
        for index in 0..<planeSize { target[index] = 0 }
        continue
      }
      let source = input + (channel - before) * shape.height * shape.width
      for y in 0..<outputShape.height {
        for x in 0..<outputShape.width {
          target[y * outputShape.width + x] = source[y * stride * shape.width + x * stride]
        }
      }
    }
  }
}
