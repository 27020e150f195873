/// A convolution and its gradients as the formulas read, in Double: the twins of the kernels.
///
/// - Shape: images are height x width x channels, one after another; weights outputChannels x channels per group x kernelHeight
///   x kernelWidth, as in files.
package struct ReferenceConvolutionGradient: Sendable {
  private let shape: ConvolutionShape

  /// For convolutions of `shape`.
  package init(_ shape: ConvolutionShape) { self.shape = shape }

  /// z[p][o] = Σ over (r, s, c) of w[o][c][r][s]·x[p·stride + (r, s) - padding][c].
  package func forward(_ images: [Double], _ weights: [Double], imageCount: Int) -> [Double] {
    var output = [Double](repeating: 0, count: imageCount * shape.outputCount)
    forEachProduct(imageCount) { input, weight, result in output[result] += images[input] * weights[weight] }
    return output
  }

  /// dx[q][c] = Σ over the products that x[q][c] takes part in of w·dz.
  package func inputGradient(_ gradients: [Double], _ weights: [Double], imageCount: Int) -> [Double] {
    var output = [Double](repeating: 0, count: imageCount * shape.inputCount)
    forEachProduct(imageCount) { input, weight, result in output[input] += gradients[result] * weights[weight]
    }
    return output
  }

  /// dw[o][c][r][s] = Σ over the products that the weight takes part in of x·dz.
  package func weightGradient(_ images: [Double], _ gradients: [Double], imageCount: Int) -> [Double] {
    var output = [Double](repeating: 0, count: shape.outputChannels * shape.depth)
    forEachProduct(imageCount) { input, weight, result in output[weight] += images[input] * gradients[result]
    }
    return output
  }

  /// Calls `body` with the places of input, weight and output of every product inside the images.
  private func forEachProduct(_ imageCount: Int, _ body: (Int, Int, Int) -> Void) {
    let channels = shape.groupInputChannels
    for image in 0..<imageCount {
      for y in 0..<shape.outputHeight {
        for x in 0..<shape.outputWidth {
          for o in 0..<shape.outputChannels {
            let result =
              image * shape.outputCount + (y * shape.outputWidth + x) * shape.outputChannels + o
            for r in 0..<shape.kernelHeight {
              for s in 0..<shape.kernelWidth {
                let row = y * shape.stride + r - shape.padding
                let column = x * shape.stride + s - shape.padding
                guard (0..<shape.inputHeight).contains(row), (0..<shape.inputWidth).contains(column)
                else { continue }
                let pixel =
                  image * shape.inputCount + (row * shape.inputWidth + column) * shape.inputChannels
                  + o / shape.groupOutputChannels * channels
                for c in 0..<channels {
                  let weight = ((o * channels + c) * shape.kernelHeight + r) * shape.kernelWidth + s
                  body(pixel + c, weight, result)
                }
              }
            }
          }
        }
      }
    }
  }
}
