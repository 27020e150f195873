import BinadeKernels
import BinadeQuantization

/// Second moments of the patches that a layer sees: x in the float32 network, x̂, quantized, in the network so far.
package struct PatchMoments: Sendable {
  /// Elements of a patch, in the order of a channel's weights.
  let depth: Int
  /// Means of x.
  let floatMean: [Double]
  /// Means of x̂.
  private(set) var mean: [Double]
  /// E[x̂x̂ᵀ] without means.
  private(set) var gram: [Double]
  /// E[x̂xᵀ] without means.
  private(set) var cross: [Double]
  /// E[xxᵀ] without means.
  let floatGram: [Double]

  /// About so many patches are looked at.
  private static let patchBudget = 1 << 15
  /// Patches per matrix product.
  private static let blockLength = 1024

  /// Runs both networks on all images.
  ///
  /// `input`: what the layer's input will go through in the quantized network, whose own quantizer of it is not used.
  ///
  /// - Complexity: two inferences per image, and O(depth²) per patch. The outcome does not depend on `threads`.
  package init(
    layer: Int,
    float: CompiledNetwork,
    quantized: CompiledNetwork,
    input: Quantizer?,
    images: ImageDataset,
    normalization: Normalization,
    threads: Int
  ) {
    let shape = float.folded.layers[layer].shape
    depth = shape.depth
    let perImage = min(shape.outputPixelCount, max(1, Self.patchBudget / max(images.count, 1)))
    let group = max(1, Self.blockLength / perImage)
    var sums = Sums(depth: depth)
    for first in stride(from: 0, to: images.count, by: group * 16) {
      let last = min(first + group * 16, images.count)
      let pairs = ParallelLoop.map(count: (last - first + group - 1) / group, threads: threads) { index in
        let range = first + index * group..<min(first + (index + 1) * group, last)
        return Self.patches(
          layer,
          shape,
          float,
          quantized,
          input,
          images,
          range,
          normalization,
          perImage
        )
      }
      for pair in pairs { sums.add(pair, threads: threads) }
    }
    let count = Double(max(sums.count, 1))
    let (mean, floatMean) = (sums.quantized.map { $0 / count }, sums.float.map { $0 / count })
    func centred(_ products: [Double], _ left: [Double], _ right: [Double]) -> [Double] {
      products.indices.map { products[$0] / count - left[$0 / left.count] * right[$0 % left.count] }
    }
    (self.mean, self.floatMean) = (mean, floatMean)
    gram = centred(sums.gram, mean, mean)
    cross = centred(sums.cross, mean, floatMean)
    floatGram = centred(sums.floatGram, floatMean, floatMean)
  }

  /// The rounding of one output channel's weights.
  package func problem(weights: ArraySlice<Float>) -> RoundingProblem {
    let weights = weights.map(Double.init)
    func product(_ matrix: [Double], _ row: Int) -> Double {
      var sum = 0.0
      for column in 0..<depth { sum += matrix[row * depth + column] * weights[column] }
      return sum
    }
    return RoundingProblem(
      gram: gram,
      target: (0..<depth).map { product(cross, $0) },
      signalPower: (0..<depth).reduce(0) { $0 + weights[$1] * product(floatGram, $1) }
    )
  }

  /// The moments for rounded weights that hold `factors` of their inputs: x̂ divided by them.
  ///
  /// - Shape: a factor for each element of a patch.
  func absorbing(_ factors: [Double]) -> PatchMoments {
    var result = self
    for row in 0..<depth {
      result.mean[row] /= factors[row]
      for column in 0..<depth {
        result.gram[row * depth + column] /= factors[row] * factors[column]
        result.cross[row * depth + column] /= factors[row]
      }
    }
    return result
  }

  /// The bias that gives an output channel the mean it has in the float32 network.
  package func bias(_ bias: Float, weights: ArraySlice<Float>, rounded: ArraySlice<Float>) -> Float {
    var shift = 0.0
    for (index, (weight, value)) in zip(weights, rounded).enumerated() {
      shift += Double(weight) * floatMean[index] - Double(value) * mean[index]
    }
    return Float(Double(bias) + shift)
  }

  /// Patches of some images: rows are elements, columns patches.
  private struct Patches: Sendable {
    var count: Int
    var float: [Float]
    var quantized: [Float]
  }

  private struct Sums {
    let depth: Int
    var count = 0
    var float: [Double]
    var quantized: [Double]
    var gram: [Double]
    var cross: [Double]
    var floatGram: [Double]

    init(depth: Int) {
      self.depth = depth
      float = Array(repeating: 0, count: depth)
      quantized = float
      gram = Array(repeating: 0, count: depth * depth)
      cross = gram
      floatGram = gram
    }

    mutating func add(_ patches: Patches, threads: Int) {
      let (depth, columns) = (depth, patches.count)
      func transpose(_ matrix: [Float]) -> [Float] {
        var result = [Float](repeating: 0, count: matrix.count)
        for row in 0..<depth {
          for column in 0..<columns { result[column * depth + row] = matrix[row * columns + column] }
        }
        return result
      }
      func product(_ left: [Float], _ right: [Float]) -> [Float] {
        GEMM.multiply(left, right, rows: depth, depth: columns, columns: depth, threads: threads)
      }
      func accumulate(_ part: [Float], into sum: inout [Double]) {
        for index in part.indices { sum[index] += Double(part[index]) }
      }
      let (floats, rounded) = (transpose(patches.float), transpose(patches.quantized))
      accumulate(product(patches.quantized, rounded), into: &gram)
      accumulate(product(patches.quantized, floats), into: &cross)
      accumulate(product(patches.float, floats), into: &floatGram)
      for row in 0..<depth {
        for column in 0..<columns {
          float[row] += Double(patches.float[row * columns + column])
          quantized[row] += Double(patches.quantized[row * columns + column])
        }
      }
      count += columns
    }
  }

  private static func patches(
    _ layer: Int,
    _ shape: ConvolutionShape,
    _ float: CompiledNetwork,
    _ quantized: CompiledNetwork,
    _ input: Quantizer?,
    _ images: ImageDataset,
    _ range: Range<Int>,
    _ normalization: Normalization,
    _ perImage: Int
  ) -> Patches {
    let columns = range.count * perImage
    var patches = Patches(
      count: columns,
      float: Array(repeating: 0, count: shape.depth * columns),
      quantized: Array(repeating: 0, count: shape.depth * columns)
    )
    let sessions = (InferenceSession(float), InferenceSession(quantized))
    var rounded = [Float](repeating: 0, count: shape.inputCount)
    for (place, image) in range.enumerated() {
      let pixels = (0..<perImage).map {
        ($0 * shape.outputPixelCount / perImage + image * 7) % shape.outputPixelCount
      }
      func copy(_ source: UnsafeBufferPointer<Float>, into target: inout [Float]) {
        for (index, pixel) in pixels.enumerated() {
          copyPatch(source, shape, pixel: pixel, into: &target, column: place * perImage + index, of: columns)
        }
      }
      for (session, isFloat) in [(sessions.0, true), (sessions.1, false)] {
        images.copyImage(image, normalization: normalization, into: session.input())
        session.run(before: layer) { observed in
          if isFloat {
            copy(observed.elements, into: &patches.float)
          } else {
            rounded.withUnsafeMutableBufferPointer { target in
              guard let base = target.baseAddress else { return }
              if let input {
                input.fakeQuantize(observed.elements, channels: shape.inputChannels, into: base)
              } else {
                _ = target.update(fromContentsOf: observed.elements)
              }
            }
            rounded.withUnsafeBufferPointer { copy($0, into: &patches.quantized) }
          }
        }
      }
    }
    return patches
  }

  /// Writes the patch around an output pixel, zero beyond the rim, into a column.
  private static func copyPatch(
    _ input: UnsafeBufferPointer<Float>,
    _ shape: ConvolutionShape,
    pixel: Int,
    into target: inout [Float],
    column: Int,
    of columns: Int
  ) {
    let (y, x) = pixel.quotientAndRemainder(dividingBy: shape.outputWidth)
    for row in 0..<shape.kernelHeight {
      let inputRow = y * shape.stride + row - shape.padding
      guard (0..<shape.inputHeight).contains(inputRow) else { continue }
      for tap in 0..<shape.kernelWidth {
        let inputColumn = x * shape.stride + tap - shape.padding
        guard (0..<shape.inputWidth).contains(inputColumn) else { continue }
        let source = (inputRow * shape.inputWidth + inputColumn) * shape.inputChannels
        for channel in 0..<shape.inputChannels {
          let element = (channel * shape.kernelHeight + row) * shape.kernelWidth + tap
          target[element * columns + column] = input[source + channel]
        }
      }
    }
  }
}
