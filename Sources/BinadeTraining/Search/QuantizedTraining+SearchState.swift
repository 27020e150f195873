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
        if let own = search.weights {
          lines.append(line(weights, "places", own.places))
          lines.append(line(weights, "placeMomentum", search.momentum.weights))
        }
        if let own = search.inputs {
          lines.append(line(inputs, "places", [own.place]))
          lines.append(line(inputs, "placeMomentum", [search.momentum.inputs]))
          if let bound = own.bound {
            lines.append(line(inputs, "bound", [bound, search.leastBound, search.boundMomentum]))
          }
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
    func numbers(_ name: String, _ count: ClosedRange<Int>) -> [Double]? {
      guard let words = found[name] else { return nil }
      let numbers = words.compactMap { Double($0) }.filter(\.isFinite)
      guard numbers.count == words.count, count.contains(numbers.count) else { return nil }
      used += 1
      return numbers
    }
    let isChosen = layers.contains { layer in
      ["weights", "inputs"].contains { found["\(layer.name) \($0) formats"] != nil }
    }
    if isChosen { return restoreChosen(found) }
    for index in layers.indices {
      guard var search = layers[index].search else { continue }
      let name = layers[index].name
      if var weights = search.weights {
        let count = weights.places.count
        guard let places = numbers("\(name) weights places", count...count),
          let momentum = numbers("\(name) weights placeMomentum", count...count),
          places.allSatisfy({ (0...weights.chain.end).contains($0) })
        else { return nil }
        weights.places = places
        (search.weights, search.momentum.weights) = (weights, momentum)
      }
      if var inputs = search.inputs {
        guard let place = numbers("\(name) inputs places", 1...1)?.first,
          let momentum = numbers("\(name) inputs placeMomentum", 1...1)?.first,
          (0...inputs.chain.end).contains(place)
        else { return nil }
        inputs.place = place
        search.momentum.inputs = momentum
        if found["\(name) inputs bound"] != nil {
          guard let bound = numbers("\(name) inputs bound", 3...3), bound[0] > 0, bound[1] > 0 else {
            return nil
          }
          (inputs.bound, search.leastBound, search.boundMomentum) = (bound[0], bound[1], bound[2])
        }
        search.inputs = inputs
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
