import CBinadeKernels

extension TrainableConvolution {
  /// Makes a line of pixels from a line of what is in memory (source, elements, room for the line) and returns where it lies:
  /// in the room, or at the source if that is it already.
  package typealias Conversion = (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>) -> UnsafePointer<
    Float
  >

  /// Floats of working memory that ``forward(_:_:imageCount:scratch:convert:finish:)`` needs.
  package func forwardScratchCount(imageCount: Int) -> Int {
    imageCount * shape.paddedInputCount + ConvolutionShape.readAhead + 2 * shape.inputWidth
      * shape.inputChannels + 16
  }

  /// Computes the raw sums of some images, and hands each block over once: pixels, sums, elements between the sums of two
  /// pixels.
  ///
  /// `convert`: what makes the layer's input from `images`, line by line, while it gets its rim.
  ///
  /// - Shape: `images` is imageCount x height x width x channels, `scratch` as ``forwardScratchCount(imageCount:)`` says.
  /// - Error: in float32 the sums of ``FloatConvolution``, bit for bit; in bfloat16 those of rounded operands.
  package func forward(
    _ images: UnsafePointer<Float>,
    _ weights: Weights,
    imageCount: Int,
    scratch: UnsafeMutablePointer<Float>,
    convert: Conversion,
    finish: (Range<Int>, UnsafePointer<Float>, Int) -> Void
  ) {
    switch weights.packed {
    case .float(let packed, _):
      pad(images, imageCount: imageCount, into: scratch, convert)
      packed.run(scratch, imageCount: imageCount, threads: 1) { rows, sums, rowStride, _ in
        finish(rows, sums, rowStride)
      }
    case .bfloat16(let packed, _):
      let operands = PairedOperands(
        imageCount: imageCount,
        height: shape.inputHeight,
        width: shape.inputWidth,
        channels: shape.inputChannels,
        rim: shape.padding,
        features: features
      )
      let lines = scratch + (imageCount * shape.paddedInputCount / 2 + ConvolutionShape.readAhead)
      let pairs = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: UInt32.self)
      let lineCount = shape.inputWidth * shape.inputChannels
      operands.fill(straight: pairs, interleaved: nil, lines: lines) { image, row, target in
        convert(images + (image * shape.inputHeight + row) * lineCount, lineCount, target)
      }
      let padded = UnsafeRawPointer(scratch).assumingMemoryBound(to: BFloat16.self)
      packed.run(padded, imageCount: imageCount, threads: 1) { rows, sums, rowStride, _ in
        finish(rows, sums, rowStride)
      }
    }
  }

  /// Writes images within a rim of zeros, rounded if products are.
  func pad(
    _ images: UnsafePointer<Float>,
    imageCount: Int,
    into padded: UnsafeMutablePointer<Float>,
    _ convert: Conversion
  ) {
    let rounds = if case .rounded = route { true } else { false }
    PaddedImage.fill(padded, from: images, imageCount: imageCount, shape: shape, zero: 0) { line, target in
      guard let base = line.baseAddress else { return }
      let made = convert(base, line.count, target)
      if made != UnsafePointer(target) { target.update(from: made, count: line.count) }
      if rounds { binade_round_bf16(features.rawValue, target, line.count) }
    }
  }
}
