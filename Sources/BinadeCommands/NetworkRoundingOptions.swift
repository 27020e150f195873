import ArgumentParser
import Binade

/// How commands that quantize a network round values to codes.
struct NetworkRoundingOptions: ParsableArguments {
  @Option(
    name: .customLong("rounding"),
    help: """
      How quantizers that do not say so themselves round: nearestEven (default), nearestAway, towardZero, awayFromZero, up, \
      down, toOdd, or stochastic: by random words, of element and seed, the same on any number of threads.
      """,
    completion: .list(RoundingChoice.names)
  )
  var name: String?

  @Option(help: "With stochastic rounding: the seed of the random words. Default: 0.")
  var seed: UInt64?

  @OptionGroup var stochastic: StochasticOptions

  func validate() throws {
    let choice = try name.map { try RoundingChoice(named: $0) }
    try stochastic.requireStochastic(choice == .stochastic)
    _ = try stochastic.rounding()
    if seed != nil, choice != .stochastic {
      throw ValidationError("--seed needs --rounding stochastic")
    }
  }

  /// The configuration with its quantizers rounding so.
  ///
  /// Throws `ValidationError` beside a recipe, which rounds as it says.
  func applied(to configuration: Configuration) throws -> Configuration {
    guard let name else { return configuration }
    if let recipe = configuration.recipeText {
      throw ValidationError(
        "--rounding \(name): the recipe '\(recipe)' rounds as it says; leave out one of both"
      )
    }
    let choice = try RoundingChoice(named: name)
    let words = RandomWords(rounding: try stochastic.rounding(), seed: seed ?? 0)
    var configuration = configuration
    configuration.changeQuantizers { quantizer in
      guard quantizer.rounding == .nearestEven, quantizer.words == nil else { return }
      if let rule = choice.rule { quantizer.rounding = rule } else { quantizer.words = words }
    }
    return configuration
  }
}
