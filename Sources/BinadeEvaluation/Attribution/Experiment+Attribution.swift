import BinadeNetworks
import BinadeQuantization

extension Experiment {
  /// Takes the loss of a configuration apart.
  ///
  /// `progress`: called from any thread with a number of images just done, of ``attributionRunCount(_:)`` times all.
  ///
  /// Throws as ``compile(_:layerDone:)``.
  public func attribution(
    of configuration: Configuration,
    progress: @Sendable (Int) -> Void = { _ in }
  ) throws -> Attribution {
    let (base, layers) = try separableLayers(configuration)
    let reference = outcome(CompiledNetwork(base), progress)
    func run(_ sources: Set<ErrorSource>) throws -> Attribution.Run {
      let network =
        sources.contains(.accumulator)
        ? try compile(configuration)
        : try CompiledNetwork(base, operands: layers.map { $0.operands(sources) })
      return summarize(outcome(network, progress), against: reference, sources: sources)
    }
    let present = Self.sources(of: configuration)
    let all = Set(present)
    return Attribution(
      configuration: Self.text(of: configuration),
      none: try run([]),
      all: try run(all),
      sources: try present.map { source in
        Attribution.Source(
          source: source,
          alone: source == .accumulator ? nil : try run([source]),
          // The other sources without the accumulator's codes, or with them: a part of an error has no code.
          without: try run(all.subtracting(source == .accumulator ? [source] : [source, .accumulator]))
        )
      }
    )
  }

  /// Runs of the network that an attribution takes, for progress.
  public func attributionRunCount(_ configuration: Configuration) -> Int {
    Self.sources(of: configuration).reduce(3) { $0 + ($1 == .accumulator ? 1 : 2) }
  }

  /// Quantizes one layer at a time.
  ///
  /// - Shape: one per layer.
  public func sensitivities(
    to configuration: Configuration,
    progress: @Sendable (Int) -> Void = { _ in }
  ) throws -> [LayerSensitivity] {
    let (base, layers) = try separableLayers(configuration)
    let reference = outcome(CompiledNetwork(base), progress)
    let sources = Set(Self.sources(of: configuration)).subtracting([.accumulator])
    return try layers.indices.map { index in
      let mixed = layers.indices.map { layers[$0].operands($0 == index ? sources : []) }
      let network = try CompiledNetwork(base, operands: mixed)
      return LayerSensitivity(
        layer: model.network.layers[index].name,
        run: summarize(outcome(network, progress), against: reference, sources: sources)
      )
    }
  }

  /// The sources of error that a configuration has.
  static func sources(of configuration: Configuration) -> [ErrorSource] {
    ErrorSource.allCases.filter {
      switch $0 {
      case .clipping, .rounding, .underflow: true
      case .meanShift: configuration.weights != nil
      case .accumulator: configuration.accumulator != nil
      }
    }
  }

  private static func text(of configuration: Configuration) -> String {
    [
      configuration.recipeText.map { "recipe \($0)" },
      configuration.weights.map { "weights \(configuration.text($0))" },
      configuration.activations.map { "activations \(configuration.text($0))" },
      configuration.ends.map {
        "ends \(configuration.text($0.weights)) \(configuration.text($0.activations))"
      },
      configuration.accumulator.map { "accumulator \($0.description)" },
      [configuration.weights, configuration.activations].contains { $0?.zeroPoint == ZeroPointRule.none }
        ? "no zero points" : nil,
    ].compactMap { $0 }.joined(separator: ", ")
  }

  private struct Outcome {
    let logits: [Float]
    let predictions: Predictions
  }

  private func outcome(_ network: CompiledNetwork, _ progress: @Sendable (Int) -> Void) -> Outcome {
    let logits = evaluator.logits(of: network, limit: imageCount)
    progress(imageCount)
    return Outcome(
      logits: logits,
      predictions: Predictions(logits: logits, labels: evaluator.images.labels)
    )
  }

  private func summarize(_ outcome: Outcome, against reference: Outcome, sources: Set<ErrorSource>)
    -> Attribution.Run
  {
    var (signal, noise) = (0.0, 0.0)
    for (exact, found) in zip(reference.logits, outcome.logits) {
      let error = Double(exact) - Double(found)
      signal += Double(exact) * Double(exact)
      noise += error * error
    }
    let test = McNemarTest(reference.predictions, outcome.predictions)
    return Attribution.Run(
      sources: ErrorSource.allCases.filter { sources.contains($0) },
      top1Accuracy: Double(outcome.predictions.top1Count) / Double(imageCount),
      top1Change: Double(test.onlySecond - test.onlyFirst) / Double(imageCount),
      top1ChangeInterval: PairedDifferenceInterval(
        onlyFirst: test.onlyFirst,
        onlySecond: test.onlySecond,
        count: imageCount
      ),
      logitSignalToQuantizationNoiseInDecibels: noise > 0 ? SignalToNoise.decibels(signal / noise) : nil,
      isFloat32: zip(reference.logits, outcome.logits).allSatisfy { $0.bitPattern == $1.bitPattern }
    )
  }

  /// The network, as a recipe may have equalized it, and its layers.
  private func separableLayers(_ configuration: Configuration) throws -> (FoldedNetwork, [SeparableLayer]) {
    try configuration.checkRecipe()
    if let recipe = configuration.recipe {
      let quantizer = try quantizer(configuration, recipe, images: images(of: recipe))
      let layers = zip(quantizer.network.layers, quantizer.operands).map { SeparableLayer($0, $1) }
      return (quantizer.network, layers)
    }
    if configuration.quantizesActivations, statistics == nil { throw ExperimentError.noCalibrationImages }
    let layers = try zip(
      model.network.layers.indices,
      configuration.assignments(model.network.layers.map(\.name))
    ).map { index, assignment in
      let layer = model.network.layers[index]
      let operands = try LayerOperands(
        layer,
        assignment,
        number: index,
        inputSamples: statistics?.samples[index] ?? [],
        cache: cache
      )
      return SeparableLayer(layer, operands)
    }
    return (model.network, layers)
  }
}
