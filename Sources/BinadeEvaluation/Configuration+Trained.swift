import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization
import BinadeTraining

extension Configuration {
  /// The configuration that a network was trained in, with its quantizers; nil for one that was trained in float32.
  ///
  /// Throws where the file's recipe or formats cannot be read.
  public init?(trained model: Model, catalog: FormatCatalog) throws {
    guard let state = model.metadata[TrainedQuantizers.key], let text = model.metadata["recipe"] else {
      return nil
    }
    let recipe = try TrainingRecipe(text: text)
    let names = model.architecture.graph.weightedLayers.map(\.name)
    try self.init(of: recipe, catalog: catalog)
    let quantizers = TrainedQuantizers(try recipe.quantization(names, catalog), state: state)
    trained = quantizers
    if let chosen = try quantizers.chosen(model.architecture.graph) { layers = FormatAssignment(chosen) }
  }

  /// What a row says of the formats: those of the whole network, or that a search chose them, with their bits in the mean over weights and
  /// over inputs.
  func formatsOfRow(_ shapes: [ConvolutionShape], _ assignments: [LayerAssignment]) -> (
    weights: String, activations: String, family: String, weightBitWidth: Int, activationBitWidth: Int
  ) {
    guard trained?.isSearched == true else {
      return (
        weights.map(text) ?? "float32", activations.map(text) ?? "float32",
        weights?.format.familyName ?? FormatFamily.binaryFloat.rawValue, weights?.bitWidth ?? 32,
        activations?.bitWidth ?? 32
      )
    }
    let layers = zip(shapes, assignments.map(Configuration.widths))
    let weightBits = layers.reduce(0) { sum, layer in
      let (shape, widths) = layer
      let own = widths.channels.reduce(0) { $0 + $1.range.count * $1.weights }
      let rest = shape.outputChannels - widths.channels.reduce(0) { $0 + $1.range.count }
      return sum + (own + rest * widths.weights) * shape.depth
    }
    let inputBits = layers.reduce(0) { $0 + $1.1.activations * $1.0.inputCount }
    func mean(_ bits: Int, _ counts: [Int]) -> Int {
      Int((Double(bits) / Double(counts.reduce(0, +))).rounded())
    }
    return (
      Self.searched, Self.searched, "mixed", mean(weightBits, shapes.map { $0.outputChannels * $0.depth }),
      mean(inputBits, shapes.map(\.inputCount))
    )
  }

  /// What rows have in the place of formats that a search chose.
  public static let searched = "searched"

  /// The formats of a recipe, without what training makes of them.
  public init(of recipe: TrainingRecipe, catalog: FormatCatalog) throws {
    self.init()
    let (body, ends) = try recipe.formats(catalog)
    (weights, activations) = (body?.weights, body?.inputs)
    layers = try recipe.assignment(catalog)
    if let ends, let weights = ends.weights, let inputs = ends.inputs {
      self.ends = Ends(weights: weights, activations: inputs)
    }
  }
}
