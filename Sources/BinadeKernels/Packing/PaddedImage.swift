/// Images with a rim, channels innermost.
enum PaddedImage {
  /// Converts the pixels of each image and writes them inside the rim.
  ///
  /// `zero`: what the rim holds. `convert` gets consecutive elements, whole pixels, and where they go.
  ///
  /// - Shape: `padded` holds `imageCount * shape.paddedInputCount` elements, `images` `imageCount *
  ///   shape.inputCount`.
  @inline(__always)
  static func fill<Operand: BitwiseCopyable, Pixel>(
    _ padded: UnsafeMutablePointer<Operand>,
    from images: UnsafePointer<Pixel>,
    imageCount: Int,
    shape: ConvolutionShape,
    zero: Operand,
    _ convert: (UnsafeBufferPointer<Pixel>, UnsafeMutablePointer<Operand>) -> Void
  ) {
    fill(padded, imageCount: imageCount, shape: shape, zero: zero) { elements, target in
      convert(UnsafeBufferPointer(start: images + elements.lowerBound, count: elements.count), target)
    }
  }

  /// Writes the pixels of each image inside the rim.
  ///
  /// `write` gets consecutive elements of the images, whole pixels, and where they go.
  ///
  /// - Shape: as above.
  @inline(__always)
  static func fill<Operand: BitwiseCopyable>(
    _ padded: UnsafeMutablePointer<Operand>,
    imageCount: Int,
    shape: ConvolutionShape,
    zero: Operand,
    _ write: (Range<Int>, UnsafeMutablePointer<Operand>) -> Void
  ) {
    guard shape.padding > 0 else {
      write(0..<imageCount * shape.inputCount, padded)
      return
    }
    let lineCount = shape.inputWidth * shape.inputChannels
    let rim = shape.padding * shape.inputChannels
    let paddedLine = lineCount + 2 * rim
    var first = 0
    var target = padded
    func clear(_ count: Int) {
      target.update(repeating: zero, count: count)
      target += count
    }
    for _ in 0..<imageCount {
      clear(shape.padding * paddedLine)
      for _ in 0..<shape.inputHeight {
        clear(rim)
        write(first..<first + lineCount, target)
        first += lineCount
        target += lineCount
        clear(rim)
      }
      clear(shape.padding * paddedLine)
    }
  }
}
