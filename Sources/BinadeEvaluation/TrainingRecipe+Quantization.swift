import BinadeFormats
import BinadeQuantization
import BinadeTraining

extension TrainingRecipe {
  /// Whether operands are quantized.
  public var isQuantized: Bool {
    [weights, activations, ends, gradients, layers, search.formats].contains { $0 != nil }
  }

  /// What the recipe makes of each layer of a network; nothing where it quantizes none.
  ///
  /// The first and the last layer have the formats of `ends`, where it names them. Where formats are searched, those of `ends` are given
  /// for both operands of the first layer and for the weights of the last.
  ///
  /// `names`: of the layers.
  ///
  /// Throws what `QuantizerSpecification` throws for texts that are none, and ``FormatAssignmentError`` for formats of single layers that do
  /// not fit them.
  public func quantization(_ names: [String], _ catalog: FormatCatalog) throws -> [LayerQuantization?] {
    guard isQuantized else { return [] }
    let (body, ends) = try formats(catalog)
    if search.formats != nil {
      let given = [
        ("weights", weights), ("activations", activations), ("layers", layers), ("gradients", self.gradients),
      ]
      if let (key, value) = given.first(where: { $0.1 != nil }) {
        throw TrainingError.invalidRecipe(
          parameter: key,
          found: value ?? "",
          allowed:
            "none where formats are searched; name those to choose from in 'search', and those of the ends in 'ends'"
        )
      }
      return try searched(layerCount: names.count, ends, catalog)
    }
    let rules = try assignment(catalog).rules(of: names)
    let gradients = try gradients.map {
      try QuantizerSpecification(parsing: $0, catalog: catalog, granularity: .tensor)
    }
    return names.indices.map { index in
      var layer = index == 0 || index == names.count - 1 ? ends ?? body : body
      if let rule = rules[index] {
        layer = LayerQuantization(weights: rule.weights, inputs: rule.activations, method: quantization)
      }
      guard let gradients else { return layer }
      layer = layer ?? LayerQuantization(weights: nil, inputs: nil, method: quantization)
      layer?.gradients = gradients
      return layer
    }
  }

  /// The formats of single layers.
  ///
  /// Throws ``FormatAssignmentError`` for formats of single channels, which training finds by a search.
  func assignment(_ catalog: FormatCatalog) throws -> FormatAssignment {
    var assignment = FormatAssignment()
    for rule in (layers ?? "").split(separator: ",") {
      try assignment.add(parsing: rule.trimmingPrefix { $0 == " " }.description, catalog: catalog)
    }
    if let rule = assignment.rules.first(where: { $0.channels != nil }) {
      throw FormatAssignmentError.trainedChannels(rule: rule.target)
    }
    return assignment
  }

  /// Layers whose formats are searched; those at the ends have them as far as they are given.
  ///
  /// - Source: methods.md 2.7.
  private func searched(layerCount: Int, _ ends: LayerQuantization?, _ catalog: FormatCatalog) throws
    -> [LayerQuantization?]
  {
    let pairs = (search.formats ?? "").split(separator: ",").map { pair in
      pair.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }
    if let pair = pairs.first(where: { $0.count > 2 }) {
      throw SpecificationError.noPair(text: pair.joined(separator: "/"))
    }
    let weights = try chain(pairs.map { $0[0] }, catalog, .channel)
    // Inputs of no bits would leave nothing of a network.
    let inputs = try chain(pairs.map { $0[$0.count - 1] }.filter { $0 != "0" }, catalog, .tensor)
    return (0..<layerCount).map { index in
      let (isFirst, isLast) = (index == 0, index == layerCount - 1)
      var layer = LayerQuantization(
        weights: isFirst || isLast ? ends?.weights : nil,
        inputs: isFirst ? ends?.inputs : nil,
        method: quantization
      )
      if layer.weights == nil { (layer.weightChain, layer.isChannelWise) = (weights, search.isChannelWise) }
      // Images get no gradient, so their format cannot be searched: it is the greatest of the chain.
      if layer.inputs == nil, !isFirst { layer.inputChain = inputs }
      if layer.inputs == nil, isFirst { layer.inputs = inputs.formats.last ?? nil }
      return layer
    }
  }

  private func chain(_ names: [String], _ catalog: FormatCatalog, _ granularity: Granularity) throws
    -> FormatChain
  {
    try FormatChain(
      names.map { name in
        name == "0"
          ? nil : try QuantizerSpecification(parsing: name, catalog: catalog, granularity: granularity)
      }
    )
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
