import BinadeNumerics
import BinadeQuantization

/// A format as recipes see it: by what they can do with its values.
enum RecipeFormat: Sendable {
  /// 2^bitWidth evenly spaced values: a zero point of one's own, other widths, analytic clipping.
  case uniform(bitWidth: Int)
  /// Other single values, with a scale alone.
  case element(any NumericFormat)
  /// Values in blocks, with the blocks' scales.
  case blocks(BlockFormat)

  /// Throws `PostTrainingError` for formats too wide.
  init(_ format: TensorFormat) throws {
    guard case .element(let element) = format else {
      guard case .block(let blocks) = format else {
        preconditionFailure("a format of neither elements nor blocks")
      }
      self = .blocks(blocks)
      return
    }
    guard (2...16).contains(element.bitWidth) else {
      throw PostTrainingError.unusableWidth(
        format: element.name,
        bits: element.bitWidth,
        allowed: "2 to 16 bits"
      )
    }
    let rungs = try FormatCodec(element).rungs ?? []
    let isEven =
      rungs.count > 1
      && zip(rungs, rungs.dropFirst()).allSatisfy {
        $1.value - $0.value == rungs[1].value - rungs[0].value
      }
    guard isEven, rungs.count == 1 << element.bitWidth else {
      self = .element(element)
      return
    }
    guard element.bitWidth <= 8 else {
      throw PostTrainingError.unusableWidth(
        format: element.name,
        bits: element.bitWidth,
        allowed: "evenly spaced formats of 2 to 8 bits"
      )
    }
    self = .uniform(bitWidth: element.bitWidth)
  }

  /// The name, for messages.
  var name: String {
    switch self {
    case .uniform(let bits): "int\(bits)"
    case .element(let format): format.name
    case .blocks(let format): format.name
    }
  }

  /// Whether elements share scales in blocks.
  var isBlocks: Bool {
    if case .blocks = self { true } else { false }
  }

  /// Whether nothing about the format depends on samples of single channels, which a rotation mixes.
  var isRotatable: Bool {
    if case .blocks(let format) = self { format.scale.outer == .none } else { false }
  }

  /// Whether bits can be shared out among channels.
  var hasOtherWidths: Bool {
    if case .uniform = self { true } else { false }
  }
}

/// The formats of one layer as a recipe sees them; nil for float32.
struct RecipeFormats: Sendable {
  let weights: RecipeFormat?
  let activations: RecipeFormat?

  init(_ target: LayerTarget) throws {
    weights = try target.weights.map { try RecipeFormat($0) }
    activations = try target.activations.map { try RecipeFormat($0) }
  }
}

extension PostTrainingRecipe {
  /// Throws ``PostTrainingError`` for formats that are too wide, and for parts that are not defined for them.
  public func check(_ target: LayerTarget) throws {
    let formats = try RecipeFormats(target)
    try check(weights: formats.weights, activations: formats.activations)
  }

  /// Throws for parts that are not defined for a format.
  func check(weights: RecipeFormat?, activations: RecipeFormat?) throws(PostTrainingError) {
    for (format, parts) in [(weights, partsForUniformWeights), (activations, partsForUniformInputs)] {
      guard let format, !format.hasOtherWidths, let part = parts.first else { continue }
      throw .notUniform(part: part, format: format.name)
    }
    if let rotation {
      for format in [weights, activations] where !(format?.isRotatable ?? false) {
        throw .rotation(part: "hadamard\(rotation.length)", format: format?.name ?? "float32")
      }
    }
    if case .blocks(let format) = weights ?? .uniform(bitWidth: 8), splitsOutliers || usesVectorScales {
      throw .notUniform(part: splitsOutliers ? "split" : "vectors", format: format.name)
    }
  }

  /// Parts that need steps, zero points or other widths of weights.
  private var partsForUniformWeights: [String] {
    [
      allocatesBits && !allocationIsOptional ? "alloc" : nil,
      hasSymmetricWeights.map { $0 ? "symmetric" : "affine" },
      splitsOutliers ? "split" : nil,
      usesVectorScales ? "vectors" : nil,
    ].compactMap { $0 }
  }

  /// Parts that need steps or other widths of inputs.
  private var partsForUniformInputs: [String] {
    [
      allocatesBits && !allocationIsOptional ? "alloc" : nil,
      [.naive, .mse].contains(inputRange) ? nil : inputRange.rawValue,
    ].compactMap { $0 }
  }
}
