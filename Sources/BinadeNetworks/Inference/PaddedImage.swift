import BinadeKernels

/// An image with a rim of zeros.
enum PaddedImage {
  /// Converts each plane of `image` and writes it inside the rim.
  ///
  /// - Shape: `padded` holds `shape.paddedInputCount` elements, `image` `shape.inputCount`.
  static func fill<Operand: ExpressibleByIntegerLiteral>(
    _ padded: UnsafeMutablePointer<Operand>,
    from image: UnsafePointer<Float>,
    shape: ConvolutionShape,
    _ convert: (UnsafeBufferPointer<Float>, Int, UnsafeMutablePointer<Operand>) -> Void
  ) {
    let planeSize = shape.inputHeight * shape.inputWidth
    let paddedSize = shape.paddedHeight * shape.paddedWidth
    for channel in 0..<shape.inputChannels {
      let plane = UnsafeBufferPointer(start: image + channel * planeSize, count: planeSize)
      let target = padded + channel * paddedSize
      if shape.padding == 0 {
        convert(plane, channel, target)
        continue
      }
      // Converted in one run at the end of the padded plane, then moved row by row to its place, top row first.
      // A row and its rim end 2p(h - r - 1) + pw + 2p² elements before the next row's source (p padding, h x w
      // pixels, row r): nothing is overwritten before it has moved.
      let staged = target + (paddedSize - planeSize)
      convert(plane, channel, staged)
      for index in 0..<shape.padding * shape.paddedWidth { target[index] = 0 }
      for row in 0..<shape.inputHeight {
        let line = target + (row + shape.padding) * shape.paddedWidth
        let source = staged + row * shape.inputWidth
        (line + shape.padding).update(from: source, count: shape.inputWidth)
        for column in 0..<shape.padding {
          line[column] = 0
          line[shape.padding + shape.inputWidth + column] = 0
        }
      }
      let bottom = target + (shape.padding + shape.inputHeight) * shape.paddedWidth
      for index in 0..<shape.padding * shape.paddedWidth { bottom[index] = 0 }
    }
  }
}
