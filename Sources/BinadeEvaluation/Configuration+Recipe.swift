import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization

extension Configuration {
  /// A quantizer as it is used: its format alone under a recipe, which finds ranges and rounds.
  func text(_ specification: QuantizerSpecification) -> String {
    recipe == nil ? specification.description : specification.format.name
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
    if accumulator != nil { throw PostTrainingError.accumulator }
    if onlineBatchSize != nil, recipe.weightRounding != .nearest { throw PostTrainingError.onlineRounding }
    let targets = try targets(layerCount: 3, recipe: recipe)
    guard targets.contains(where: { $0.weightBitWidth != nil || $0.inputBitWidth != nil }) else {
      throw PostTrainingError.nothingToQuantize
    }
  }

  /// One target per layer for post-training quantization: the bits of the formats.
  ///
  /// Ends have their own bits where there are some; what is float32 in the body is float32 there.
  ///
  /// Throws `PostTrainingError` for formats that are not evenly spaced or not of 2 to 8 bits.
  func targets(layerCount: Int, recipe: PostTrainingRecipe) throws -> [LayerTarget] {
    try (0..<layerCount).map { layer in
      let isEnd = ends != nil && (layer == 0 || layer == layerCount - 1)
      let bits = try Self.bitWidth(of: weights, end: isEnd ? ends?.weights : nil)
      let inputBits = try Self.bitWidth(of: activations, end: isEnd ? ends?.activations : nil)
      var target = LayerTarget(weightBitWidth: bits, inputBitWidth: inputBits, isEnd: isEnd)
      if recipe.usesVectorScales, let bits,
        let format = try ParametricBlockFormat.format(named: "vsq\(bits)_s4")
      {
        target.vectorCodec = try BlockCodec(format)
      }
      return target
    }
  }

  /// Nil for float32, and where nothing is asked for.
  private static func bitWidth(of body: QuantizerSpecification?, end: QuantizerSpecification?) throws -> Int?
  {
    guard let body, body.format.name != "float32" else { return nil }
    let format = (end ?? body).format
    guard format.name != "float32" else { return nil }
    guard case .element(let format) = format else { throw PostTrainingError.blocks(format: format.name) }
    guard let rungs = try FormatCodec(format).rungs, rungs.count > 1,
      zip(rungs, rungs.dropFirst()).allSatisfy({ $1.value - $0.value == rungs[1].value - rungs[0].value })
    else { throw PostTrainingError.notUniform(format: format.name) }
    guard (2...8).contains(format.bitWidth) else {
      throw PostTrainingError.tooManyBits(format: format.name, bits: format.bitWidth)
    }
    guard rungs.count == 1 << format.bitWidth else {
      throw PostTrainingError.fewerValues(format: format.name)
    }
    return format.bitWidth
  }
}
