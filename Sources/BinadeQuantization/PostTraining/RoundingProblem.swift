/// The weights of one output channel, to be rounded so that the layer's output changes least.
///
/// The mean of (w·x - ŵ·x̂)² over patches x of the float32 network and x̂ of the quantized one is, up to a constant,
/// ŵᵀGŵ - 2ŵᵀt with G = E[x̂x̂ᵀ] and t = E[x̂xᵀ]w: all that rounding needs to know of the images. With means taken away from
/// the patches, the bias absorbs what is constant.
public struct RoundingProblem: Sendable {
  /// E[x̂x̂ᵀ].
  ///
  /// - Shape: depth x depth, row-major.
  public let gram: [Double]
  /// t.
  public let target: [Double]
  /// E[(w·x)²]: the error of weights of 0.
  public let signalPower: Double

  /// Weights.
  public var depth: Int { target.count }

  /// Sets up the problem.
  ///
  /// - Precondition: `gram` is depth x depth.
  public init(gram: [Double], target: [Double], signalPower: Double) {
    precondition(
      gram.count == target.count * target.count,
      "\(gram.count) products of \(target.count) weights"
    )
    (self.gram, self.target, self.signalPower) = (gram, target, signalPower)
  }

  /// G ŵ - t: half the gradient of the error.
  ///
  /// - Complexity: O(depth²).
  public func halfGradient(at weights: [Double]) -> [Double] {
    var result = target.map { -$0 }
    gram.withUnsafeBufferPointer { gram in
      result.withUnsafeMutableBufferPointer { result in
        for row in 0..<weights.count where weights[row] != 0 {
          Self.add(weights[row], gram, row, to: result)
        }
      }
    }
    return result
  }

  /// The mean squared error of the output with weights ŵ.
  public func error(at weights: [Double]) -> Double {
    // ŵᵀGŵ - 2ŵᵀt = ŵᵀ(Gŵ - t) - ŵᵀt
    zip(weights, zip(halfGradient(at: weights), target)).reduce(signalPower) { sum, pair in
      sum + pair.0 * (pair.1.0 - pair.1.1)
    }
  }

  /// Adds a multiple of a row of G, which is its column.
  static func add(
    _ factor: Double,
    _ gram: UnsafeBufferPointer<Double>,
    _ row: Int,
    to result: UnsafeMutableBufferPointer<Double>
  ) {
    let start = row * result.count
    for index in 0..<result.count { result[index] += factor * gram[start + index] }
  }
}
