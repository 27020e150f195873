import CBinadeKernels

extension TrainableConvolution {
  /// Makes a line of pixels (number of the first element, elements, room for the line) and returns where it lies: in the room, or
  /// in memory already.
  package typealias Conversion = (Int, Int, UnsafeMutablePointer<Float>) -> UnsafePointer<Float>

  /// Floats of working memory that ``forward(_:imageCount:scratch:input:finish:)`` needs.
  package func forwardScratchCount(imageCount: Int) -> Int {
    imageCount * shape.paddedInputCount + ConvolutionShape.readAhead + 2 * shape.inputWidth
      * shape.inputChannels + 16
  }

  /// Computes the raw sums of some images, and hands each block over once: pixels, sums, elements between the sums of two
  /// pixels.
  ///
  /// `input`: what makes the layer's input, line by line, while it gets its rim.
  ///
  /// - Shape: the input is imageCount x height x width x channels, `scratch` as ``forwardScratchCount(imageCount:)`` says.
  /// - Error: in float32 the sums of ``FloatConvolution``, bit for bit; in bfloat16 those of rounded operands.
  package func forward(
    _ weights: Weights,
    imageCount: Int,
    scratch: UnsafeMutablePointer<Float>,
    input: Conversion,
    finish: (Range<Int>, UnsafePointer<Float>, Int) -> Void
  ) {
    switch weights.packed {
    case .float(let packed, _):
      pad(imageCount: imageCount, into: scratch, input)
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
        input((image * shape.inputHeight + row) * lineCount, lineCount, target)
      }
      let padded = UnsafeRawPointer(scratch).assumingMemoryBound(to: BFloat16.self)
      packed.run(padded, imageCount: imageCount, threads: 1) { rows, sums, rowStride, _ in
        finish(rows, sums, rowStride)
      }
    }
  }

  /// Writes images within a rim of zeros, rounded if products are.
  func pad(
    imageCount: Int,
    into padded: UnsafeMutablePointer<Float>,
    _ input: Conversion
  ) {
    let rounds = if case .rounded = route { true } else { false }
    PaddedImage.fill(padded, imageCount: imageCount, shape: shape, zero: 0) { elements, target in
      let made = input(elements.lowerBound, elements.count, target)
      if made != UnsafePointer(target) { target.update(from: made, count: elements.count) }
      if rounds { binade_round_bf16(features.rawValue, target, elements.count) }
    }
  }
}
