import BinadeKernels

/// What a network leaves to the scalar reference, for which no kernel was written, and how long that takes.
public struct ReferenceForecast: Sendable {
  /// The names of the layers.
  public let layers: [String]
  /// Why the first of them.
  public let reason: String
  /// Of one image on one thread, measured on a small piece of each layer.
  public let secondsPerImage: Double

  /// About how long some images take.
  public func seconds(imageCount: Int, threads: Int) -> Double {
    secondsPerImage * Double(imageCount) / Double(max(threads, 1))
  }
}

extension CompiledNetwork {
  /// What is left to the scalar reference; nil when nothing is.
  ///
  /// - Complexity: about a hundredth of a second per layer of that kind.
  public var referenceForecast: ReferenceForecast? {
    let slow = engines.indices.compactMap { index in
      engines[index].referenceSeconds(operands[index]).map {
        (folded.layers[index].name, engines[index].reason, $0)
      }
    }
    guard let first = slow.first else { return nil }
    return ReferenceForecast(
      layers: slow.map(\.0),
      reason: first.1,
      secondsPerImage: slow.reduce(0) { $0 + $1.2 }
    )
  }
}

extension LayerEngine {
  /// Seconds for one image on one thread; nil when a kernel carries out the layer.
  fileprivate func referenceSeconds(_ operands: LayerOperands) -> Double? {
    guard datapath == .reference, case .accumulated(let convolution, _) = implementation,
      let numbers = operands.codedWeights?.unscaledValues()
    else { return nil }
    let perProduct = ReferenceSpeed.secondsPerProduct(
      convolution.model,
      depth: shape.depth,
      left: numbers,
      right: numbers
    )
    return perProduct * Double(convolution.productCount)
  }
}
