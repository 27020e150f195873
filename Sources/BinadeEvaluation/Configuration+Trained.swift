import BinadeFormats
import BinadeNetworks
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
