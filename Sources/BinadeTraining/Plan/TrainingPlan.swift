import BinadeKernels
import BinadeNetworks

/// What is decided once about training a network: who is computed with whom, which maps exist in memory, where parameters lie.
struct TrainingPlan: Sendable {
  /// A layer with weights and the batch norm behind it.
  struct Layer: Sendable {
    let name: String
    let convolution: TrainableConvolution
    /// Places in the buffer of parameters.
    let weights: Range<Int>
    let bias: Range<Int>?
    let normalization: Normalization?

    var shape: ConvolutionShape { convolution.shape }
  }

  /// Where the parameters of a batch norm lie.
  struct Normalization: Sendable {
    let scales: Range<Int>
    let shifts: Range<Int>
    let mean: Range<Int>
    let variance: Range<Int>
  }

  let stages: [FusionPlan.Stage]
  /// The stages that read the output of each.
  let readers: [[Int]]
  let layers: [Layer]
  let parameters: ParameterLayout
  /// Whether the output of a stage never exists in memory: its only reader makes it from the raw sums.
  let isVirtual: [Bool]
  /// Whether the gradient of a stage's output is needed.
  let needsGradient: [Bool]
  /// What rides on the passes of the products.
  let fusions: TrainingFusions
  /// What maps hold, but those of ``element(ofStage:)``.
  private let element: FeatureMap.Element

  /// Plans for `graph`.
  init(
    _ graph: NetworkGraph,
    precision: ProductPrecision = .float32,
    element: FeatureMap.Element = .float32,
    fusions: TrainingFusions = .all,
    features: CPUFeatures = .detected
  ) {
    let fusion = FusionPlan(graph)
    let layout = ParameterLayout(graph)
    let readers = fusion.readers
    stages = fusion.stages
    self.readers = readers
    parameters = layout
    self.fusions = fusions
    self.element = element
    layers = zip(graph.weightedLayers, fusion.layerNodes).map { layer, node in
      let normalization = fusion.stages.lazy.compactMap { stage -> Int? in
        guard case .layer(let index) = stage.operation, fusion.layerNodes[index] == node else { return nil }
        return stage.normalization
      }.first
      func range(_ name: String) -> Range<Int> {
        guard let entry = layout[name] else { preconditionFailure("there is no parameter '\(name)'") }
        return entry.range
      }
      return Layer(
        name: layer.name,
        convolution: TrainableConvolution(layer.shape, precision: precision, features: features),
        weights: range("\(layer.name).weight"),
        bias: layout["\(layer.name).bias"]?.range,
        normalization: normalization.map {
          let name = graph.nodes[$0].name
          return Normalization(
            scales: range("\(name).weight"),
            shifts: range("\(name).bias"),
            mean: range("\(name).running_mean"),
            variance: range("\(name).running_var")
          )
        }
      )
    }
    isVirtual = fusion.stages.indices.map { index in
      guard fusions.contains(.normalization), case .layer = fusion.stages[index].operation,
        fusion.stages[index].inputs.count == 1,
        readers[index].count == 1, case .layer = fusion.stages[readers[index][0]].operation
      else { return false }
      return fusion.stages[readers[index][0]].inputs[0] == index
    }
    var needs = fusion.stages.map { _ in false }
    for (index, stage) in fusion.stages.enumerated() {
      if case .layer = stage.operation {
        needs[index] = true
      } else {
        needs[index] = stage.inputs.contains { needs[$0] }
      }
    }
    needsGradient = needs
  }

  /// What the maps of a stage hold, sums, output and gradient: images and logits are float32.
  func element(ofStage stage: Int) -> FeatureMap.Element {
    if case .input = stages[stage].operation { return .float32 }
    return stage == stages.count - 1 ? .float32 : element
  }

  /// Bytes of the maps that backward needs of one image: raw sums, and outputs that are not virtual.
  ///
  /// A step needs more, for gradients and operands.
  var keptByteCountPerImage: Int {
    stages.indices.reduce(0) { sum, index in
      let mapCount = (layer(ofStage: index) == nil ? 0 : 1) + (isVirtual[index] ? 0 : 1)
      let elementSize = element(ofStage: index) == .bfloat16 ? 2 : 4
      return sum + mapCount * stages[index].shape.count * elementSize
    }
  }

  /// The layer that alone reads the output channels of another, which may be taken away then: both are convolutions without groups, with
  /// batch norm behind them; nil where there is none.
  func readerOfPrunable(_ layer: Int) -> Int? {
    guard let stage = stages.indices.first(where: { self.layer(ofStage: $0) == layer }),
      stages[stage].inputs.count == 1, readers[stage].count == 1,
      let reader = self.layer(ofStage: readers[stage][0]), stages[readers[stage][0]].inputs[0] == stage
    else { return nil }
    let shapes = (layers[layer].shape, layers[reader].shape)
    let fits =
      shapes.1.inputHeight == shapes.0.outputHeight && shapes.1.inputChannels == shapes.0.outputChannels
    let isNormalized = [layer, reader].allSatisfy {
      layers[$0].normalization != nil && layers[$0].shape.groups == 1
    }
    return fits && isNormalized ? reader : nil
  }

  /// The number of the layer that a stage computes; nil for other stages.
  func layer(ofStage stage: Int) -> Int? {
    if case .layer(let layer) = stages[stage].operation { layer } else { nil }
  }
}
