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
    let layerCount = model.architecture.graph.weightedLayers.count
    try self.init(of: recipe, catalog: catalog)
    trained = TrainedQuantizers(try recipe.quantization(layerCount: layerCount, catalog), state: state)
  }

  /// The formats of a recipe, without what training makes of them.
  public init(of recipe: TrainingRecipe, catalog: FormatCatalog) throws {
    self.init()
    let (body, ends) = try recipe.formats(catalog)
    (weights, activations) = (body?.weights, body?.inputs)
    if let ends, let weights = ends.weights, let inputs = ends.inputs {
      self.ends = Ends(weights: weights, activations: inputs)
    }
  }
}
