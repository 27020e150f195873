import BinadeNetworks
import BinadeQuantization

/// What a checkpoint keeps of the quantizers: a line for each array, in digits that give the same bits again.
extension QuantizedTraining {
  private enum Field: String, CaseIterable {
    case scales, offset, leastScales, maxima, minima, updateCount, momentum
  }

  private static let normalized = "normalized"

  /// The state as text: `LAYER OPERAND FIELD NUMBER...`.
  package var state: String { text(layers).joined(separator: "\n") + searchState.map { "\n" + $0 }.joined() }

  private func text(_ layers: [Layer]) -> [String] {
    layers.flatMap { layer in
      lines(layer.name, "weights", layer.weights, layer.weightMomentum)
        + lines(layer.name, "inputs", layer.inputs, layer.inputMomentum)
        + (layer.gradients?.greatest.map { ["\(layer.name) gradients greatest \($0)"] } ?? [])
    }
  }

  /// Parameters with the weights that quantizers read, which some methods normalise first, so that what is exported is a network without
  /// its quantizers, too; and the state without what only training needs, and without pruned channels.
  func exported(_ parameters: NetworkParameters) -> (parameters: NetworkParameters, state: String) {
    var (layers, parameters) = (layers, parameters)
    var marks: [String] = []
    for index in layers.indices where layers[index].weights?.normalizesWeights == true {
      let (name, depth) = (layers[index].name, layers[index].shape.depth)
      let read = parameters["\(name).weight"].withUnsafeBufferPointer {
        layers[index].weights?.observe(weights: $0, channelLength: depth)
      }
      if let read { parameters["\(name).weight"] = read[...] }
      marks.append("\(name) weights \(Self.normalized) 1")
    }
    let pruned = Dictionary(uniqueKeysWithValues: layers.map { ($0.name, Set($0.prunedChannels)) })
    let kept = (text(layers) + searchState).compactMap { line -> String? in
      let words = line.split(separator: " ").map(String.init)
      guard words.count > 3, ["scales", "offset", "formats"].contains(words[2]) else { return nil }
      guard words[1] == "weights", words.count > 4, let pruned = pruned[words[0]], !pruned.isEmpty else {
        return line
      }
      let kept = words.dropFirst(3).enumerated().filter { !pruned.contains($0.offset) }.map(\.element)
      return (words.prefix(3) + kept).joined(separator: " ")
    }
    return (parameters, (kept + marks).joined(separator: "\n"))
  }

  private func lines(
    _ layer: String,
    _ operand: String,
    _ trainable: TrainableQuantizer?,
    _ momentum: [Double]
  )
    -> [String]
  {
    guard let trainable else { return [] }
    return Field.allCases.compactMap { field in
      let numbers: [String] =
        switch field {
        case .scales: trainable.scales.map { "\($0)" }
        case .offset: trainable.learnsOffset ? ["\(trainable.offset)"] : []
        case .leastScales: trainable.leastLearnedScales.map { "\($0)" }
        case .maxima: trainable.tracker.maxima.map { "\($0)" }
        case .minima: trainable.tracker.minima.map { "\($0)" }
        case .updateCount: trainable.tracker.updateCount == 0 ? [] : ["\(trainable.tracker.updateCount)"]
        case .momentum: momentum.map { "\($0)" }
        }
      guard !numbers.isEmpty else { return nil }
      return "\(layer) \(operand) \(field.rawValue) \(numbers.joined(separator: " "))"
    }
  }

  /// Takes over the state; false for text that is none of these quantizers.
  func restore(_ state: String) -> Bool {
    var found: [String: [String]] = [:]
    for line in state.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      guard words.count > 3 else { return false }
      found[words[0...2].joined(separator: " ")] = Array(words.dropFirst(3))
    }
    guard let usedBySearch = restoreSearch(found) else { return false }
    var used = usedBySearch
    func numbers<Number: LosslessStringConvertible>(_ name: String, _ field: Field) -> [Number]? {
      guard let words = found["\(name) \(field.rawValue)"] else { return [] }
      used += 1
      let numbers = words.compactMap { Number($0) }
      return numbers.count == words.count ? numbers : nil
    }
    func restored(
      _ name: String,
      _ trainable: inout TrainableQuantizer?,
      _ momentum: inout [Double],
      channels: Int
    ) -> Bool {
      guard let own = trainable else { return true }
      guard let scales: [Float] = numbers(name, .scales), let least: [Float] = numbers(name, .leastScales),
        let maxima: [Double] = numbers(name, .maxima), let minima: [Double] = numbers(name, .minima),
        let offset: [Double] = numbers(name, .offset), offset.allSatisfy(\.isFinite),
        let count: [Int] = numbers(name, .updateCount), let moved: [Double] = numbers(name, .momentum),
        scales.allSatisfy({ $0.isNormal && $0 > 0 }), maxima.count == minima.count,
        [scales.count, maxima.count].allSatisfy({ $0 == 0 || $0 == (own.isPerChannel ? channels : 1) }),
        least.isEmpty || least.count == scales.count,
        moved.isEmpty || moved.count == scales.count + (own.learnsOffset ? 1 : 0)
      else { return false }
      var tracker = BoundTracker()
      (tracker.maxima, tracker.minima, tracker.updateCount) = (maxima, minima, count.first ?? 0)
      do {
        let offset = offset.first ?? 0
        try trainable?.restore(scales: scales, leastScales: least, offset: offset, tracker: tracker)
      } catch { return false }
      momentum = moved
      return true
    }
    for index in layers.indices {
      var layer = layers[index]
      let outputs = layer.shape.outputChannels
      guard restored("\(layer.name) weights", &layer.weights, &layer.weightMomentum, channels: outputs),
        restored("\(layer.name) inputs", &layer.inputs, &layer.inputMomentum, channels: 1)
      else { return false }
      guard let marks = Self.restoreMarks(of: &layer, found) else { return false }
      used += marks
      layers[index] = layer
    }
    return used == found.count
  }

  /// Takes over what is said of gradients and weights of a layer; how many lines there were, or nil for lines that do not suit it.
  private static func restoreMarks(of layer: inout Layer, _ found: [String: [String]]) -> Int? {
    var used = 0
    if let words = found["\(layer.name) gradients greatest"] {
      guard words.count == 1, let greatest = Float(words[0]), greatest.isFinite, greatest > 0,
        layer.gradients != nil
      else { return nil }
      layer.gradients?.greatest = greatest
      used += 1
    }
    if let words = found["\(layer.name) weights \(normalized)"] {
      guard words == ["1"], layer.weights?.normalizesWeights == true, layer.weights?.scales.isEmpty == false
      else { return nil }
      layer.weights?.readsNormalizedWeights = true
      used += 1
    }
    return used
  }
}
