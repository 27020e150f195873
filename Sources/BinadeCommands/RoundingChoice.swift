import ArgumentParser
import Binade

/// A rounding by its name on the command line: a deterministic rule, or stochastic.
enum RoundingChoice: Equatable, CustomStringConvertible {
  case rule(RoundingRule)
  case stochastic

  /// All names.
  static let names = RoundingRule.allCases.map(\.rawValue) + ["stochastic"]

  /// Throws when there is no such rounding; the message names the nearest.
  init(named name: String) throws {
    if name == "stochastic" {
      self = .stochastic
    } else if let rule = RoundingRule(rawValue: name) {
      self = .rule(rule)
    } else {
      throw ValidationError(Self.refusal(of: name))
    }
  }

  /// The sentence about a name that is none.
  static func refusal(of name: String) -> String {
    "no rounding rule '\(name)'" + NameSuggestion.sentence(for: name, among: names)
      + " (rules: \(names.joined(separator: ", ")))"
  }

  /// The rule; nil for stochastic rounding.
  var rule: RoundingRule? {
    if case .rule(let rule) = self { return rule }
    return nil
  }

  var description: String { rule?.rawValue ?? "stochastic" }
}

/// What `--rounding stochastic` needs to know.
struct StochasticOptions: ParsableArguments {
  @Option(help: "With --rounding stochastic: random bits per number, 1 to 32.")
  var randomBits: Int?

  @Option(help: "With --rounding stochastic: variant a, b or c of IEEE P3109.")
  var stochasticVariant: String?

  func validate() throws {
    if let randomBits, !StochasticRounding.bitCounts.contains(randomBits) {
      throw ValidationError("--random-bits must be 1 to 32, found \(randomBits)")
    }
  }

  /// Refuses the options when rounding is not stochastic.
  func requireStochastic(_ isStochastic: Bool) throws {
    guard !isStochastic else { return }
    if randomBits != nil { throw ValidationError("--random-bits needs --rounding stochastic") }
    if stochasticVariant != nil {
      throw ValidationError("--stochastic-variant needs --rounding stochastic")
    }
  }

  /// The rounding of a conversion: 16 bits and variant c unless said otherwise.
  func rounding() throws -> StochasticRounding {
    guard let name = stochasticVariant else { return StochasticRounding(bitCount: randomBits ?? 16) }
    guard let variant = StochasticRounding.Variant(rawValue: name) else {
      throw ValidationError("--stochastic-variant must be a, b or c, found '\(name)'")
    }
    return StochasticRounding(bitCount: randomBits ?? 16, variant: variant)
  }

  /// The roundings to verify: 8 bits and all variants unless said otherwise.
  func roundings() throws -> [StochasticRounding] {
    let bitCount = randomBits ?? 8
    guard let name = stochasticVariant, name != "all" else {
      return StochasticRounding.Variant.allCases.map {
        StochasticRounding(bitCount: bitCount, variant: $0)
      }
    }
    guard let variant = StochasticRounding.Variant(rawValue: name) else {
      throw ValidationError("--stochastic-variant must be a, b, c or all, found '\(name)'")
    }
    return [StochasticRounding(bitCount: bitCount, variant: variant)]
  }
}
