import BinadeKernels

/// Batch norm folded into float32 weights beside batch norm behind the sums, layer by layer on the same inputs, against what rounding
/// can make of them.
///
/// Folding rounds each weight once more, so that outputs differ. With K products per output, u = 2⁻²⁴ and γ = Ku / (1 - Ku):
/// `|folded - unfolded| <= (2γ + 4u) |factor| Σ|w||a| + 3u (|bias| + |output|)`.
///
/// - Source: training.md 6; for γ: Higham, Accuracy and Stability of Numerical Algorithms, 2002, 3.1.
public struct FoldingCheck: Sendable, Codable, Hashable {
  /// Images, and layers with a batch norm.
  public let imageCount: Int, layerCount: Int
  /// The greatest difference of two outputs of a layer.
  public let greatestDifference: Double
  /// The greatest difference over its bound: at most 1.
  public let greatestShare: Double
  /// The layer that has it.
  public let layer: String

  /// Runs the layers of a network on the inputs that they have on the first `limit` images; nil for a network without batch norm.
  ///
  /// - Complexity: three products per layer and image, on one thread.
  public init?(
    _ graph: NetworkGraph,
    _ parameters: NetworkParameters,
    _ evaluator: Evaluator,
    limit: Int
  ) throws {
    try self.init(
      unfolded: FoldedNetwork(graph, parameters, placement: .epilogue),
      folded: FoldedNetwork(graph, parameters),
      evaluator,
      limit: limit
    )
  }

  /// The same of networks that are folded already.
  package init?(
    unfolded: FoldedNetwork,
    folded: FoldedNetwork,
    _ evaluator: Evaluator,
    limit: Int
  ) throws {
    let layers = try unfolded.layers.indices.compactMap {
      try CheckedLayer(unfolded.layers[$0], folded.layers[$0], index: $0)
    }
    guard !layers.isEmpty else { return nil }
    let byIndex = Dictionary(uniqueKeysWithValues: layers.map { ($0.index, $0) })
    let session = InferenceSession(CompiledNetwork(unfolded), capacity: 1)
    let scratch = LayerScratch(for: unfolded.layers.map(\.shape))
    let count = min(limit, evaluator.images.count)
    var (difference, share, name) = (0.0, 0.0, layers[0].name)
    for image in 0..<count {
      evaluator.images.copyImage(image, normalization: evaluator.normalization, into: session.input())
      _ = session.run(firstImage: image) { layer, input in
        guard let checked = byIndex[layer] else { return }
        let found = checked.compare(input.elements, scratch)
        difference = max(difference, found.difference)
        if found.share > share { (share, name) = (found.share, checked.name) }
      }
    }
    (imageCount, layerCount) = (count, layers.count)
    (greatestDifference, greatestShare, layer) = (difference, share, name)
  }

  /// The result in a sentence.
  public var sentence: String {
    guard greatestShare < .greatestFiniteMagnitude else {
      return
        "folded batch norm: outputs of '\(layer)' are not finite, or differ where rounding cannot make them"
    }
    let percent = (greatestShare * 1000).rounded() / 10
    return greatestShare <= 1
      ? "folded batch norm: outputs of \(layerCount) layers on \(imageCount) images within \(percent) % of the bound of rounding "
        + "('\(layer)')"
      : "folded batch norm: outputs of '\(layer)' are \(greatestShare) times as far apart as rounding allows"
  }
}

/// A layer in both forms, and with magnitudes alone.
private struct CheckedLayer {
  let name: String
  let index: Int
  private let unfolded: LayerEngine, folded: LayerEngine, magnitudes: LayerEngine
  private let factors: [Double]
  private let bias: [Float]

  /// Nil for a layer without batch norm.
  init?(_ unfolded: FoldedNetwork.Layer, _ folded: FoldedNetwork.Layer, index: Int) throws {
    guard let factors = unfolded.factors else { return nil }
    (name, bias, self.factors, self.index) = (unfolded.name, unfolded.bias, factors, index)
    let magnitudes = FoldedNetwork.Layer(
      name: name,
      shape: unfolded.shape,
      weights: unfolded.weights.map { abs($0) },
      bias: Array(repeating: 0, count: factors.count)
    )
    func engine(_ layer: FoldedNetwork.Layer) throws -> LayerEngine {
      try LayerEngine(layer, LayerOperands(layer), features: .detected)
    }
    (self.unfolded, self.folded, self.magnitudes) =
      (try engine(unfolded), try engine(folded), try engine(magnitudes))
  }

  /// The greatest difference, and the greatest over its bound.
  func compare(_ input: UnsafeBufferPointer<Float>, _ scratch: LayerScratch)
    -> (difference: Double, share: Double)
  {
    func outputs(_ engine: LayerEngine, _ values: [Float]) -> [Float] {
      [Float](unsafeUninitializedCapacity: engine.shape.outputCount) { output, count in
        if let base = output.baseAddress {
          engine.run(values, into: base, scratch: scratch, appliesReLU: false)
        }
        count = output.count
      }
    }
    let values = Array(input)
    let (trained, other) = (outputs(unfolded, values), outputs(folded, values))
    let sizes = outputs(magnitudes, values.map { abs($0) })
    let u = 0x1p-24
    let products = Double(unfolded.shape.depth) * u
    let gamma = products / (1 - products)
    var found = (difference: 0.0, share: 0.0)
    for place in trained.indices {
      let channel = place % factors.count
      let output = Double(trained[place])
      let bound =
        (2 * gamma + 4 * u) * abs(factors[channel]) * Double(sizes[place])
        + 3 * u * (abs(Double(bias[channel])) + abs(output))
      let difference = abs(Double(other[place]) - output)
      if difference.isFinite { found.difference = max(found.difference, difference) }
      // What is not finite, or differs where nothing may, is outside of any bound.
      let share = difference == 0 ? 0 : difference / bound
      found.share = max(found.share, share.isFinite ? share : .greatestFiniteMagnitude)
    }
    return found
  }
}
