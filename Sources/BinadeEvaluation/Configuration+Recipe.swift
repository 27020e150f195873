import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization

extension Configuration {
  /// A quantizer as it is used: its format alone under a recipe, which finds ranges and rounds.
  func text(_ specification: QuantizerSpecification) -> String {
    if let trained { return trained.text(specification) }
    return recipe == nil ? specification.description : specification.format.name
  }

  /// Leaves out what a recipe leaves in float32: a side whose format is float32, and that side of the ends.
  mutating func dropFloat32() {
    guard recipe != nil else { return }
    if weights?.format.name == "float32" { weights = nil }
    if activations?.format.name == "float32" { activations = nil }
  }

  /// Throws `PostTrainingError` when a recipe cannot take the formats, before any work is done.
  public func checkRecipe() throws {
    guard let recipe else { return }
    if onlineBatchSize != nil, recipe.weightRounding != .nearest { throw PostTrainingError.onlineRounding }
    var body = self
    // Names of layers are known to networks.
    body.layers = FormatAssignment()
    let targets = try body.targets(["first", "middle", "last"], recipe: recipe)
    for target in targets where !target.isEnd { try recipe.check(target) }
    guard !layers.isEmpty || targets.contains(where: { $0.weights != nil || $0.activations != nil }) else {
      throw PostTrainingError.nothingToQuantize
    }
  }

  /// One target per layer for post-training quantization.
  ///
  /// Ends have their own formats where there are some; what is float32 in the body is float32 there.
  func targets(_ names: [String], recipe: PostTrainingRecipe) throws -> [LayerTarget] {
    if let layer = try zip(names, layers.channelRules(of: names)).first(where: { !$1.isEmpty })?.0 {
      throw FormatAssignmentError.recipeChannels(layer: layer)
    }
    return try zip(layers.rules(of: names), names.indices).map { rule, layer in
      let isEnd = ends != nil && (layer == 0 || layer == names.count - 1)
      var target = LayerTarget(
        weights: Self.format(of: weights, end: isEnd ? ends?.weights : nil),
        activations: Self.format(of: activations, end: isEnd ? ends?.activations : nil),
        isEnd: isEnd
      )
      if let rule { (target.weights, target.activations) = (rule.weights?.format, rule.activations?.format) }
      if recipe.usesVectorScales, let bits = target.weights?.bitWidth {
        target.vectors = try ParametricBlockFormat.format(named: "vsq\(bits)_s4")
      }
      return target
    }
  }

  /// Nil for float32, and where nothing is asked for.
  private static func format(of body: QuantizerSpecification?, end: QuantizerSpecification?) -> TensorFormat?
  {
    guard let body, body.format.name != "float32" else { return nil }
    let format = (end ?? body).format
    return format.name == "float32" ? nil : format
  }
}
