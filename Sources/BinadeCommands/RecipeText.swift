import ArgumentParser
import Binade

/// Recipes of post-training quantization on the command line.
enum RecipeText {
  /// The parts and what they do, a line each.
  static var parts: String {
    PostTrainingRecipe.parts.map { part in
      "  " + part.name + String(repeating: " ", count: max(1, 16 - part.name.count)) + part.meaning
    }.joined(separator: "\n")
  }

  /// Refuses what does not go with a recipe.
  static func check(
    _ recipe: String?,
    weights: String?,
    activations: String?,
    ends: String?
  ) throws {
    guard let recipe else { return }
    guard weights != nil || activations != nil else {
      throw ValidationError("--ptq \(recipe) needs --weights or --activations, or both")
    }
    try check([recipe], formats: [weights, activations, ends].compactMap { $0 })
  }

  /// Refuses before any work what no configuration can do; one that some cannot is a row with its reason.
  static func check(_ configurations: [Configuration]) throws {
    let outcomes = configurations.map { configuration in Result { try configuration.checkRecipe() } }
    let ran = outcomes.contains { if case .success = $0 { true } else { false } }
    if !ran { try outcomes.first?.get() }
  }

  /// Refuses quantizers that say more than a format, and an empty list.
  static func check(_ recipes: [String], formats: [String]) throws {
    guard !recipes.isEmpty else { throw ValidationError("--ptq is empty; name at least one recipe") }
    for text in formats where text.contains(":") {
      throw ValidationError(
        "'\(text)': with --ptq the recipe finds ranges and rounds; give the format alone, such as int4"
      )
    }
  }

  /// Runs a configuration with progress of both parts of the work.
  ///
  /// `compiled`: called with the network that is run.
  static func run(
    _ configuration: Configuration,
    _ experiment: Experiment,
    compiled: (CompiledNetwork) throws -> Void = { _ in }
  ) throws -> EvaluationResult {
    let layers = experiment.model.network.layers.count
    let quantizing = ProgressBar(total: configuration.recipe == nil ? 0 : layers, label: "quantizing layers")
    let classifying = ProgressBar(total: experiment.imageCount, label: "classifying")
    defer { classifying.finish() }
    return try experiment.run(
      configuration,
      layerDone: { done in
        quantizing.advance(1)
        if done == layers { quantizing.finish() }
      },
      foretell: SlowAccumulation.foretell,
      compiled: compiled,
      progress: classifying.advance
    )
  }
}
