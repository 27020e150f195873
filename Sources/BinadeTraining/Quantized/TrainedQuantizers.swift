import BinadeNetworks
import BinadeQuantization

/// The quantizers that training ended with: what a trained network is run with, not what a calibration finds for it.
public struct TrainedQuantizers: Sendable {
  /// Where exported networks keep them among their metadata.
  public static let key = "quantizers"

  private let quantization: [LayerQuantization?]
  /// Scales and what else the quantizers are made of, as text.
  public let state: String

  /// Quantizers as an exported network has them.
  ///
  /// `quantization`: what the recipe made of each layer.
  public init(_ quantization: [LayerQuantization?], state: String) {
    (self.quantization, self.state) = (quantization, state)
  }

  /// Whether a search chose formats.
  public var isSearched: Bool { quantization.contains { $0?.weightChain != nil || $0?.inputChain != nil } }

  /// A quantizer in words: its scales are those of the method, not of a calibration.
  public func text(_ specification: QuantizerSpecification) -> String {
    let method = quantization.lazy.compactMap { $0?.method }.first
    return method.map { specification.description(scales: $0.rawValue) } ?? specification.description
  }

  /// The network with these quantizers, batch norm behind the sums: the bits of the training network.
  ///
  /// Throws ``TrainingError`` where the quantizers are not those of the network.
  public func compiled(_ graph: NetworkGraph, _ parameters: NetworkParameters) throws -> CompiledNetwork {
    let network = FoldedNetwork(graph, parameters, placement: .epilogue)
    return try CompiledNetwork(network, operands: try restored(graph).operands(network))
  }

  /// The formats that a search chose for each layer; nil where they were given.
  ///
  /// Throws as ``compiled(_:_:)``.
  public func chosen(_ graph: NetworkGraph) throws -> [SearchReport.Layer]? {
    guard isSearched else { return nil }
    return try restored(graph).searchLayers
  }

  private func restored(_ graph: NetworkGraph) throws -> QuantizedTraining {
    guard quantization.count == graph.weightedLayers.count else {
      throw TrainingError.quantization(
        reason:
          "there are quantizers of \(quantization.count) layers, and \(graph.weightedLayers.count) layers"
      )
    }
    let quantized = try QuantizedTraining(TrainingPlan(graph), quantization, trackedStepCount: 0)
    guard quantized.restore(state), quantized.layers.allSatisfy({ $0.search == nil }) else {
      throw TrainingError.quantization(
        reason: "the quantizers of the file are not those of its recipe and its layers"
      )
    }
    return quantized
  }
}

extension Trainer {
  /// What an exported network says of itself: its recipe, and the quantizers that it was trained with.
  public var exportMetadata: [String: String] {
    var metadata = ["recipe": recipe.text]
    if let quantized { metadata[TrainedQuantizers.key] = quantized.exported(evaluated).state }
    return metadata
  }
}
