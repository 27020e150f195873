import BinadeFormats
import BinadeQuantization
import BinadeTraining

extension TrainingRecipe {
  /// Whether operands are quantized.
  public var isQuantized: Bool { weights != nil || activations != nil || ends != nil || gradients != nil }

  /// What the recipe makes of each layer of a network; nothing where it quantizes none.
  ///
  /// The first and the last layer have the formats of `ends`, where it names them.
  ///
  /// Throws what `QuantizerSpecification` throws for texts that are none.
  public func quantization(layerCount: Int, _ catalog: FormatCatalog) throws -> [LayerQuantization?] {
    guard isQuantized else { return [] }
    let (body, ends) = try formats(catalog)
    let gradients = try gradients.map {
      try QuantizerSpecification(parsing: $0, catalog: catalog, granularity: .tensor)
    }
    return (0..<layerCount).map { index in
      var layer = index == 0 || index == layerCount - 1 ? ends ?? body : body
      guard let gradients else { return layer }
      layer = layer ?? LayerQuantization(weights: nil, inputs: nil, method: quantization)
      layer?.gradients = gradients
      return layer
    }
  }

  /// The formats of layers in between, and of the first and the last where they have their own.
  func formats(_ catalog: FormatCatalog) throws -> (body: LayerQuantization?, ends: LayerQuantization?) {
    let parts = ends?.split(separator: "/", omittingEmptySubsequences: false).map(String.init) ?? []
    guard parts.count <= 2 else { throw SpecificationError.noPair(text: ends ?? "") }
    return (try pair(weights, activations, catalog), try pair(parts.first, parts.last, catalog))
  }

  private func pair(_ weights: String?, _ inputs: String?, _ catalog: FormatCatalog) throws
    -> LayerQuantization?
  {
    guard weights != nil || inputs != nil else { return nil }
    return LayerQuantization(
      weights: try weights.map {
        try QuantizerSpecification(parsing: $0, catalog: catalog, granularity: .channel)
      },
      inputs: try inputs.map {
        try QuantizerSpecification(parsing: $0, catalog: catalog, granularity: .tensor)
      },
      method: quantization
    )
  }
}
