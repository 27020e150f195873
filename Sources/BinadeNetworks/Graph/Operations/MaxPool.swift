/// The greatest value of each window; pixels outside do not count.
///
/// - Special values: NaN in a window makes its output NaN.
public struct MaxPool: GenericUnweightedLayer {
  /// Rows and columns of a window.
  public let window: Int
  /// Pixels from one window to the next.
  public let stride: Int
  /// Pixels that windows reach beyond the rim.
  public let padding: Int

  /// Creates a pooling.
  public init(window: Int, stride: Int, padding: Int) {
    self.window = window
    self.stride = stride
    self.padding = padding
  }

  /// One pixel for each window.
  public func outputShape(of input: ImageShape) -> ImageShape {
    func slide(_ extent: Int) -> Int { (extent + 2 * padding - window) / stride + 1 }
    return ImageShape(channels: input.channels, height: slide(input.height), width: slide(input.width))
  }

  /// The order of values is that of their rectified ones.
  public var commutesWithReLU: Bool { true }

  /// The greatest value of each window.
  @inline(__always)
  public func forward<Scalar: BinaryFloatingPoint>(
    _ input: UnsafePointer<Scalar>,
    _ shape: ImageShape,
    _ output: UnsafeMutablePointer<Scalar>
  ) {
    let channels = shape.channels
    let outputShape = outputShape(of: shape)
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

  /// The greatest value of each window gets all of it, the first of several.
  @inline(__always)
  public func backward<Scalar: BinaryFloatingPoint>(
    _ gradient: UnsafePointer<Scalar>,
    _ input: UnsafePointer<Scalar>,
    _ shape: ImageShape,
    _ output: UnsafeMutablePointer<Scalar>
  ) {
    let channels = shape.channels
    let outputShape = outputShape(of: shape)
    output.update(repeating: 0, count: shape.count)
    for y in 0..<outputShape.height {
      let rows = max(0, y * stride - padding)..<min(shape.height, y * stride - padding + window)
      for x in 0..<outputShape.width {
        let columns =
          max(0, x * stride - padding)..<min(shape.width, x * stride - padding + window)
        for channel in 0..<channels {
          var place = (rows.lowerBound * shape.width + columns.lowerBound) * channels + channel
          for row in rows {
            for column in columns {
              let other = (row * shape.width + column) * channels + channel
              if input[other] > input[place] { place = other }
            }
          }
          output[place] += gradient[(y * outputShape.width + x) * channels + channel]
        }
      }
    }
  }
}
