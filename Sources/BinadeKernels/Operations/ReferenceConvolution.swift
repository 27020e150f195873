/// The convolution as the formula reads: the twin of the blocked one.
package enum ReferenceConvolution {
  /// out[y][x][o] = sum over (r, s, c) of weights[o][c][r][s] * image[y·stride + r - padding][x·stride + s - padding][c].
  ///
  /// c runs over the input channels of o's group. Pixels outside the image are zero; one fused multiply-add per
  /// product, in the order (r, s, c).
  ///
  /// - Shape: `image` is height x width x channels without padding; `weights` is outputChannels x channels per group x
  ///   kernelHeight x kernelWidth; the result is outputHeight x outputWidth x outputChannels.
  package static func run(_ image: [Float], weights: [Float], shape: ConvolutionShape) -> [Float] {
    var output: [Float] = []
    output.reserveCapacity(shape.outputCount)
    let channels = shape.groupInputChannels
    for y in 0..<shape.outputHeight {
      for x in 0..<shape.outputWidth {
        for o in 0..<shape.outputChannels {
          let firstChannel = o / shape.groupOutputChannels * channels
          var sum: Float = 0
          for r in 0..<shape.kernelHeight {
            for s in 0..<shape.kernelWidth {
              for c in 0..<channels {
                sum.addProduct(
                  weights[((o * channels + c) * shape.kernelHeight + r) * shape.kernelWidth + s],
                  pixel(
                    image,
                    shape,
                    row: y * shape.stride + r - shape.padding,
                    column: x * shape.stride + s - shape.padding,
                    channel: firstChannel + c
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
    row: Int,
    column: Int,
    channel: Int
  ) -> Float {
    guard (0..<shape.inputHeight).contains(row), (0..<shape.inputWidth).contains(column) else {
      return 0
    }
    return image[(row * shape.inputWidth + column) * shape.inputChannels + channel]
  }
}
