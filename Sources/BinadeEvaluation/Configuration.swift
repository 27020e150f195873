import BinadeKernels
import BinadeNetworks
import BinadeQuantization
import BinadeTraining

/// Which quantizers a network runs with.
public struct Configuration: Sendable {
  /// All weights but those of the ends; nil is float32.
  public var weights: QuantizerSpecification?
  /// All inputs of layers but those of the ends; nil is float32.
  public var activations: QuantizerSpecification?
  /// Weights and activations of the first and the last layer; nil treats them as the others.
  public var ends: Ends?
  /// Formats of single layers, before those above.
  public var layers = FormatAssignment()
  /// What all layers sum products in; nil leaves it to the cheapest datapath.
  ///
  /// Needs quantizers of all operands.
  public var accumulator: Accumulator?

  /// How post-training quantization finds weights and ranges; nil leaves it to the calibrations of the quantizers.
  ///
  /// With a recipe only the formats of the quantizers count, and of these their bits.
  public var recipe: PostTrainingRecipe?
  /// With a recipe: ranges of inputs come from each batch of so many evaluated images itself, as ACIQ's online statistics;
  /// nil takes them from the calibration images.
  public var onlineBatchSize: Int?
  /// The quantizers that training ended with; nil finds scales on calibration images.
  public var trained: TrainedQuantizers?
  /// The recipe as it was written.
  public var recipeText: String?

  /// The quantizers of the first and the last layer.
  public struct Ends: Sendable {
    /// Their weights.
    public var weights: QuantizerSpecification
    /// Their inputs.
    public var activations: QuantizerSpecification

    /// Creates a pair.
    public init(weights: QuantizerSpecification, activations: QuantizerSpecification) {
      self.weights = weights
      self.activations = activations
    }
  }

  /// Creates a configuration; the default is the float32 network.
  public init(
    weights: QuantizerSpecification? = nil,
    activations: QuantizerSpecification? = nil,
    ends: Ends? = nil,
    accumulator: Accumulator? = nil
  ) {
    self.weights = weights
    self.activations = activations
    self.ends = ends
    self.accumulator = accumulator
  }

  /// One assignment per layer.
  ///
  /// `names`: of the layers.
  ///
  /// Throws ``FormatAssignmentError`` when ``layers`` does not fit them.
  public func assignments(_ names: [String]) throws -> [LayerAssignment] {
    let channels = try layers.channelRules(of: names)
    return try wholeLayers(names).enumerated().map { layer, assignment in
      var assignment = assignment
      assignment.channels = channels[layer].compactMap { rule in
        guard let range = rule.channels, let weights = rule.weights else { return nil }
        return .init(range: range, weights: weights)
      }
      return assignment
    }
  }

  /// The same without formats of channels.
  private func wholeLayers(_ names: [String]) throws -> [LayerAssignment] {
    let layerCount = names.count
    return try zip(layers.rules(of: names), names.indices).map { rule, layer in
      if let rule {
        return LayerAssignment(
          weights: rule.weights,
          activations: rule.activations,
          accumulator: accumulator
        )
      }
      if let ends, layer == 0 || layer == layerCount - 1 {
        return LayerAssignment(
          weights: recipe != nil && weights == nil ? nil : ends.weights,
          activations: recipe != nil && activations == nil ? nil : ends.activations,
          accumulator: accumulator
        )
      }
      return LayerAssignment(weights: weights, activations: activations, accumulator: accumulator)
    }
  }

  /// Bit widths of one layer's operands; what is not quantized has the 32 bits of float32.
  static func widths(of assignment: LayerAssignment) -> Cost.Widths {
    Cost.Widths(
      weights: assignment.weights?.bitWidth ?? 32,
      activations: assignment.activations?.bitWidth ?? 32,
      channels: assignment.channels.map { .init(range: $0.range, weights: $0.weights.bitWidth) }
    )
  }

  /// Changes all quantizers, those of the ends and of single layers included.
  public mutating func changeQuantizers(_ change: (inout QuantizerSpecification) -> Void) {
    weights.change(change)
    activations.change(change)
    if var pair = ends {
      change(&pair.weights)
      change(&pair.activations)
      ends = pair
    }
    layers.changeQuantizers(change)
  }

  /// Whether nothing is quantized.
  var isFloat32: Bool {
    weights == nil && activations == nil && ends == nil && accumulator == nil && layers.isEmpty
  }

  /// Whether any layer's input is quantized.
  var quantizesActivations: Bool {
    activations != nil || ends != nil || layers.rules.contains { $0.activations != nil }
  }
}

extension Optional where Wrapped == QuantizerSpecification {
  /// Changes the quantizer, if there is one.
  mutating func change(_ change: (inout QuantizerSpecification) -> Void) {
    guard var quantizer = self else { return }
    change(&quantizer)
    self = quantizer
  }
}
