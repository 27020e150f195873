/// The convolution as the formula reads: the twin of the blocked one.
public enum ReferenceConvolution {
  /// out[o][y][x] = sum over (c, r, s) of weights[o][c][r][s] * image[c][y·stride + r - padding][x·stride + s - padding].
  ///
  /// Pixels outside the image are zero; one fused multiply-add per product, in the order (c, r, s).
  ///
  /// - Shape: `image` is channels x height x width without padding; the result is outputChannels x outputHeight
  ///   x outputWidth.
  public static func run(_ image: [Float], weights: [Float], shape: ConvolutionShape) -> [Float] {
    var output: [Float] = []
    output.reserveCapacity(shape.outputCount)
    for o in 0..<shape.outputChannels {
      for y in 0..<shape.outputHeight {
        for x in 0..<shape.outputWidth {
          var sum: Float = 0
          for c in 0..<shape.inputChannels {
            for r in 0..<shape.kernelHeight {
              for s in 0..<shape.kernelWidth {
                let weight = weights[
                  ((o * shape.inputChannels + c) * shape.kernelHeight + r) * shape.kernelWidth + s
                ]
                sum.addProduct(
                  weight,
                  pixel(
                    image,
                    shape,
                    channel: c,
                    row: y * shape.stride + r - shape.padding,
                    column: x * shape.stride + s - shape.padding
                  )
                )
              }
            }
          }
          output.append(sum)
        }
      }
    }
    return output
  }

  private static func pixel(
    _ image: [Float],
    _ shape: ConvolutionShape,
    channel: Int,
    row: Int,
    column: Int
  ) -> Float {
    guard (0..<shape.inputHeight).contains(row), (0..<shape.inputWidth).contains(column) else {
      return 0
    }
    return image[(channel * shape.inputHeight + row) * shape.inputWidth + column]
  }
}
