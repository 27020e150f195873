import BinadeNetworks
import BinadeQuantization

/// Training whose formats are searched.
extension Trainer {
  /// Whether formats are mixtures still.
  public var isSearching: Bool { quantized?.isSearching ?? false }

  /// Steps in which formats are searched; 0 where they are given.
  public var searchStepCount: Int { quantized?.search?.stepCount ?? 0 }

  /// The search as it stands; nil where formats are given.
  public var search: SearchReport? {
    guard let quantized, let search = quantized.search else { return nil }
    return SearchReport(
      layers: quantized.searchLayers,
      cost: search.model.cost(quantized.places).value,
      budget: search.budget,
      costModel: search.model.costModel,
      offset: search.frozen?.offset
    )
  }

  /// Chooses formats, once all steps of the search are done; nothing before, and after that.
  ///
  /// Throws ``TrainingError`` for a choice that cannot be quantized to.
  func chooseFormats() throws(TrainingError) {
    guard let quantized, let search = quantized.search, search.frozen == nil, stepCount >= search.stepCount
    else { return }
    do {
      if search.rule == .us { try quantized.take(fittest(search)) } else { try quantized.freeze() }
    } catch {
      throw .quantization(reason: "\(error)")
    }
    clearPruned()
  }

  /// The choice of formats within the budget with the least loss on training images, as they are, with their own statistics.
  private func fittest(_ search: FormatSearch) -> PlaceFreezing {
    let chosen = ChoiceEncoding(search.model)
    let (images, labels) = fitnessImages()
    var evolution = EvolutionarySearch(counts: chosen.counts, seed: recipe.seed) {
      search.model.cost(chosen.places($0)).value <= search.budget
    }
    defer { quantized?.measuredChoice = nil }
    let best = evolution.best(from: chosen.uniform(within: search.budget)) { choice in
      quantized?.measuredChoice = chosen.places(choice)
      let logits = logits(images: images, usesRunningStatistics: false)
      let classes = graph.outputCount
      return labels.indices.reduce(0.0) { sum, image in
        let row = logits[image * classes..<(image + 1) * classes].map(Double.init)
        var gradient = [Double](repeating: 0, count: classes)
        let softmax = SoftmaxLoss(labelSmoothing: 0)
        return sum - softmax.loss(row, label: labels[image], batch: labels.count, gradient: &gradient)
      }
    }
    let places = chosen.places(best)
    return PlaceFreezing(offset: 0, places: places, cost: search.model.cost(places).value)
  }

  /// So many training images, spread over all of them.
  private func fitnessImages(count: Int = 512) -> (images: [Float], labels: [Int]) {
    let all = stream.images
    let numbers = Array(stride(from: 0, to: all.count, by: max(1, all.count / count)).prefix(count))
    let pixelCount = graph.inputShape.count
    var images = [Float](repeating: 0, count: numbers.count * pixelCount)
    images.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for (place, image) in numbers.enumerated() {
        all.copyImage(image, normalization: stream.normalization, into: base + place * pixelCount)
      }
    }
    return (images, numbers.map { all.label($0) })
  }
}

/// Formats of all searched operands as one list of numbers.
private struct ChoiceEncoding {
  private let model: ResourceModel
  /// Formats of each searched operand: of a layer weights first.
  let counts: [Int]

  init(_ model: ResourceModel) {
    self.model = model
    counts = model.layers.flatMap { layer in
      [layer.weights, layer.inputs].compactMap { operand -> Int? in
        if case .searched(let chain) = operand { chain.formats.count } else { nil }
      }
    }
  }

  func places(_ choice: [Int]) -> [ResourceModel.Places] {
    var rest = choice[...]
    func next(_ operand: ResourceModel.Operand) -> Double {
      if case .searched = operand { Double(rest.removeFirst()) } else { 0 }
    }
    return model.layers.map { layer in
      let weights = next(layer.weights)
      return ResourceModel.Places(weights: [weights], inputs: next(layer.inputs))
    }
  }

  /// The greatest number that all operands can have.
  func uniform(within budget: Double) -> [Int] {
    let greatest = (counts.min() ?? 1) - 1
    let number = (0...greatest).last { number in
      model.cost(places(counts.map { _ in number })).value <= budget
    }
    return counts.map { _ in number ?? 0 }
  }
}
