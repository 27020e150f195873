import BinadeQuantization

/// What a checkpoint keeps of a search: places and bounds while it goes on, the numbers of the formats once they are chosen.
extension QuantizedTraining {
  private static let freezing = "search freezing offset"

  /// Lines as in ``state``.
  var searchState: [String] {
    func line(_ name: String, _ field: String, _ numbers: [Double]) -> String {
      "\(name) \(field) \(numbers.map { "\($0)" }.joined(separator: " "))"
    }
    var lines: [String] = []
    for (index, layer) in layers.enumerated() {
      let (weights, inputs) = ("\(layer.name) weights", "\(layer.name) inputs")
      if let search = layer.search {
        for (name, operand) in [(weights, search.weightPlaces), (inputs, search.inputPlaces)] {
          guard let state = operand?.state else { continue }
          lines.append(line(name, "places", state.values))
          lines.append(line(name, "placeMomentum", state.momentum))
        }
        if let bound = search.inputs?.bound {
          lines.append(line(inputs, "bound", [bound, search.leastBound, search.boundMomentum]))
        }
      } else if let chosen = chosenPlaces?[index], let quantization = quantizations[index] {
        if quantization.weightChain != nil { lines.append(line(weights, "formats", chosen.weights)) }
        if quantization.inputChain != nil { lines.append(line(inputs, "formats", [chosen.inputs])) }
      }
    }
    if let frozen = search?.frozen { lines.append("\(Self.freezing) \(frozen.offset)") }
    return lines
  }

  /// Takes over the lines of a search; how many there were, or nil for lines that are not of this network.
  func restoreSearch(_ found: [String: [String]]) -> Int? {
    var used = 0
    func numbers(_ name: String) -> [Double]? {
      guard let words = found[name] else { return nil }
      let numbers = words.compactMap { Double($0) }.filter(\.isFinite)
      guard numbers.count == words.count else { return nil }
      used += 1
      return numbers
    }
    func restored(_ name: String, _ operand: inout SearchedOperand?) -> Bool {
      guard operand != nil else { return true }
      guard let values = numbers("\(name) places"), let momentum = numbers("\(name) placeMomentum") else {
        return false
      }
      return operand?.restore(values: values, momentum: momentum) ?? false
    }
    let isChosen = layers.contains { layer in
      ["weights", "inputs"].contains { found["\(layer.name) \($0) formats"] != nil }
    }
    if isChosen { return restoreChosen(found) }
    for index in layers.indices {
      guard var search = layers[index].search else { continue }
      let name = layers[index].name
      guard restored("\(name) weights", &search.weightPlaces), restored("\(name) inputs", &search.inputPlaces)
      else { return nil }
      if found["\(name) inputs bound"] != nil {
        guard let bound = numbers("\(name) inputs bound"), bound.count == 3, bound[0] > 0, bound[1] > 0
        else { return nil }
        search.inputs?.bound = bound[0]
        (search.leastBound, search.boundMomentum) = (bound[1], bound[2])
      }
      layers[index].search = search
    }
    return used
  }

  /// Chooses the formats that the lines say; how many lines there were, or nil for formats that are not of the chains.
  private func restoreChosen(_ found: [String: [String]]) -> Int? {
    var used = 0
    var places: [ResourceModel.Places] = []
    for (layer, quantization) in zip(layers, quantizations) {
      func chosen(_ operand: String, _ chain: FormatChain?, _ counts: [Int]) -> [Double]? {
        guard let chain else { return [0] }
        let words = found["\(layer.name) \(operand) formats"] ?? []
        let numbers = words.compactMap { Double($0) }.filter {
          (0...chain.end).contains($0) && $0 == $0.rounded()
        }
        guard numbers.count == words.count, counts.contains(numbers.count) else { return nil }
        used += 1
        return numbers
      }
      guard let weights = chosen("weights", quantization?.weightChain, [1, layer.shape.outputChannels]),
        let inputs = chosen("inputs", quantization?.inputChain, [1])?.first
      else { return nil }
      places.append(ResourceModel.Places(weights: weights, inputs: inputs))
    }
    guard let words = found[Self.freezing], let offset = words.first.flatMap({ Double($0) }), words.count == 1
    else { return nil }
    used += 1
    let cost = search?.model.cost(places).value ?? 0
    do { try take(PlaceFreezing(offset: offset, places: places, cost: cost)) } catch { return nil }
    return used
  }
}
