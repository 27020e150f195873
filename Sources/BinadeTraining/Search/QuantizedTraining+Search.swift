import BinadeKernels
import BinadeNetworks
import BinadeQuantization

/// Layers whose formats are searched: mixtures until the search is over, quantizers of the formats that were chosen then.
extension QuantizedTraining {
  /// Puts the searched operands of a layer at the beginning of their chains.
  ///
  /// Throws what ``FractionalWeights`` and ``FractionalInputs`` throw.
  func beginSearch(ofLayer index: Int) throws {
    guard let quantization = quantizations[index],
      quantization.weightChain != nil || quantization.inputChain != nil
    else { return }
    let layer = layers[index]
    layers[index].search = LayerSearch(
      weights: try quantization.weightChain.map {
        let rescales = quantization.method.rescalesWeights && !isNormalized[index]
        return try FractionalWeights($0, places: [0], rescales: rescales, cache: cache)
      },
      inputs: try quantization.inputChain.map {
        let isSigned = !hasNonnegativeInputs[index]
        return try FractionalInputs($0, place: 0, isSigned: isSigned, name: layer.name, cache: cache)
      }
    )
    layers[index].isReal = true
  }

  /// Begins the search: places from which the network costs half a step more than it may.
  ///
  /// `stepCount`: steps until formats are chosen.
  ///
  /// Throws ``TrainingError`` for a budget that no choice of formats meets.
  func beginSearch(_ settings: FormatSearchSettings, stepCount: Int) throws(TrainingError) {
    let model = ResourceModel(layers.map(\.shape), quantizations, settings.costModel)
    let (least, greatest) = model.range
    guard let budget = settings.budget, (least...greatest).contains(budget) else {
      throw .invalidRecipe(
        parameter: "budget",
        found: settings.budget.map { "\($0)" } ?? "none",
        allowed: "\(least) to \(greatest) (\(settings.costModel.rawValue)): what the network costs in the "
          + "least and the greatest of the formats"
      )
    }
    if settings.rule == .dq, let format = formatWithoutGrid {
      throw .invalidRecipe(
        parameter: "searchRule",
        found: "dq with '\(format)'",
        allowed:
          "formats with evenly spaced values that round to the nearest, of one bit at least, as int4_midrise or uint4, "
          + "for dq learns a step; the other rules take any"
      )
    }
    let bits = FormatSearch.uniformBits(model, budget: budget)
    for index in layers.indices {
      guard let search = layers[index].search else { continue }
      layers[index].search = LayerSearch(
        weights: search.weights,
        inputs: search.inputs,
        rule: settings.rule,
        bits: bits,
        channelCount: quantizations[index]?.isChannelWise == true ? layers[index].shape.outputChannels : 1
      )
    }
    search = FormatSearch(model, settings, budget: budget, stepCount: stepCount)
  }

  /// A format that is searched and makes no grid with those beside it; nil where all do.
  private var formatWithoutGrid: String? {
    layers.lazy.compactMap { layer in
      layer.search?.weights?.formatWithoutGrid ?? layer.search?.inputs?.formatWithoutGrid
    }.first
  }

  /// Where the operands of all layers are; those of chosen formats at whole numbers.
  var places: [ResourceModel.Places] {
    chosenPlaces
      ?? layers.map { $0.search?.places ?? ResourceModel.Places(weights: [0], inputs: 0) }
  }

  /// The layers of a search as it stands.
  var searchLayers: [SearchReport.Layer] {
    zip(zip(layers, quantizations), places).map { pair, place in
      let (layer, quantization) = pair
      let (weightChain, inputChain) = (quantization?.weightChain, quantization?.inputChain)
      let isChosen = chosenPlaces != nil
      return SearchReport.Layer(
        name: layer.name,
        weightBits: weightChain.map { chain in
          place.weights.reduce(0) { $0 + chain.bits(at: $1) } / Double(place.weights.count)
        },
        inputBits: inputChain?.bits(at: place.inputs),
        weights: weightChain.map { chain in isChosen ? place.weights.map { chain.formats[Int($0)] } : [] }
          ?? [quantization?.weights],
        inputs: inputChain.map { isChosen ? $0.formats[Int(place.inputs)] : nil } ?? quantization?.inputs
      )
    }
  }

  /// What the last step found for the places of a layer; nil where they are not searched.
  package func searchGradients(ofLayer index: Int) -> (weights: [Double], inputs: [Double])? {
    layers[index].search?.gradients
  }

  /// Moves the operands of a layer to other places, or logits, for measurements.
  package func setPlaces(weights: [Double], inputs: [Double], ofLayer index: Int) {
    layers[index].search?.move(weights: weights, inputs: inputs)
  }

  /// Decides what searched operands are made of: in a step by the rule of the search, between steps by what is learned, or of a choice that
  /// is measured.
  func prepareSearch() {
    for index in layers.indices where layers[index].search != nil {
      if let measuredChoice {
        layers[index].search?.choose(measuredChoice[index])
      } else if let step, let search {
        let progress = Double(step) / Double(max(1, search.stepCount))
        layers[index].search?.prepare(layer: index, seed: seed, step: step, progress: min(1, progress))
      } else {
        layers[index].search?.prepareMean()
      }
    }
  }

  /// Whether formats are still mixtures.
  var isSearching: Bool { search.map { $0.frozen == nil } ?? false }

  /// Turns the gradient of a layer's mixed weights into that of the weights, and notes that of their places.
  func passSearchedWeights(
    _ index: Int,
    _ range: Range<Int>,
    _ parameters: NetworkParameters,
    gradient: inout [Float]
  ) {
    guard let weights = layers[index].search?.weights else { return }
    let depth = layers[index].shape.depth
    let shares = gradient.withUnsafeMutableBufferPointer { whole in
      parameters.values.withUnsafeBufferPointer { parameters in
        let gradient = UnsafeMutableBufferPointer(rebasing: whole[range])
        let values = UnsafeBufferPointer(rebasing: parameters[range])
        let shares = weights.shareGradients(UnsafeBufferPointer(gradient), depth: depth)
        weights.propagate(gradient, weights: values)
        return shares
      }
    }
    layers[index].search?.weightPlaces?.note(shareGradients: shares)
  }

  /// Notes what the shards found for the place and the bound of a layer's inputs.
  func addSearchedInputs(_ index: Int, _ shards: [QuantizerGradient.Sums], products: [[Double]]) {
    guard let bound = layers[index].search?.inputs?.bound else { return }
    let sums = shards.reduce(into: ScaleSums()) { $0 += ScaleSums($1) }
    let shares = products.reduce(into: products[0].map { _ in 0 }) { sums, more in
      for index in sums.indices { sums[index] += more[index] }
    }
    layers[index].search?.inputPlaces?.note(shareGradients: [shares])
    layers[index].search?.boundGradient = sums.above - sums.below + sums.inside / bound
  }

  /// Moves places and bounds along their gradients and that of the penalty.
  func updateSearch(_ values: StepValues) {
    guard let search, search.frozen == nil else { return }
    for (index, penalty) in search.gradient(places).enumerated() {
      layers[index].search?.update(values, penalty: penalty, sharpening: search.sharpening(step: step ?? 0))
    }
  }

  /// Chooses formats for places.
  ///
  /// Throws what ``TrainableQuantizer`` throws.
  func freeze() throws {
    guard let search else { return }
    let before = places
    let frozen = PlaceFreezing(before, search.model, target: search.budget)
    // A layer keeps one channel at least: the one that had most.
    let kept = zip(before, zip(frozen.places, quantizations)).map { before, pair in
      var (place, quantization) = pair
      let most = before.weights.indices.max { before.weights[$0] < before.weights[$1] } ?? 0
      if quantization?.weightChain?.formats[0] == nil, quantization?.weightChain != nil,
        place.weights.allSatisfy({ $0 == 0 })
      {
        place.weights[most] = 1
      }
      return place
    }
    try take(PlaceFreezing(offset: frozen.offset, places: kept, cost: search.model.cost(kept).value))
  }

  /// Puts quantizers of chosen formats in the place of mixtures.
  ///
  /// Throws what ``TrainableQuantizer`` throws.
  func take(_ frozen: PlaceFreezing) throws {
    for index in layers.indices {
      guard let search = layers[index].search, let method = quantizations[index]?.method else { continue }
      var layer = layers[index]
      func quantizer(_ specification: QuantizerSpecification, _ operand: Operand) throws -> TrainableQuantizer
      {
        try TrainableQuantizer(
          specification,
          method,
          operand: operand,
          isNonnegative: operand == .activations && hasNonnegativeInputs[index],
          isNormalized: isNormalized[index],
          name: layer.name,
          cache: cache
        )
      }
      if let weights = search.weights {
        let chosen = try ChosenWeights(weights.chain, frozen.places[index].weights, cache, name: layer.name)
        layer.weights = try quantizer(chosen.widest, .weights)
        layer.weights?.take(chosen.scales, limits: chosen.limits)
        layer.prunedChannels = chosen.prunedChannels
        layer.weightUnit = layer.weights.map { OperandValues($0.codec).floatUnit } ?? 1
      }
      if let inputs = search.inputs {
        let place = Int(frozen.places[index].inputs)
        guard let specification = inputs.chain.formats[place] else {
          throw QuantizationFailure.noFormat(tensor: "\(layer.name).input")
        }
        layer.inputs = try quantizer(specification, .activations)
        if let scale = inputs.scale(ofFormat: place) { layer.inputs?.take([scale]) }
        layer.inputMomentum = [search.boundMomentum]
        layer.inputUnit = layer.inputs.map { OperandValues($0.codec).floatUnit } ?? 1
      }
      layer.isReal = layer.weights?.isBlocked ?? false || layer.inputs?.isBlocked ?? false
      (layer.search, layer.operands) = (nil, nil)
      layers[index] = layer
    }
    chosenPlaces = frozen.places
    search?.frozen = frozen
  }
}
