import ArgumentParser
import Binade

extension BlockScaleChoice: ExpressibleByArgument {
  /// Reads a name.
  public init?(argument: String) {
    self.init(name: argument)
  }

  /// For help and completion.
  public static var allValueStrings: [String] { names }
  /// The names.
  public static var defaultCompletionKind: CompletionKind { .list(names) }
}

/// How block formats find their scales.
struct BlockScaleOptions: ParsableArguments {
  @Option(
    help: """
      How block formats find the scale of a block: from the greatest magnitude (max), for shared powers of two by the rule \
      floor, ceil, rceil or even; mse takes the one of all scales with the least squared error, four-over-six the better \
      of those that make the greatest magnitude 6 or 4 (nvfp4).
      """
  )
  var scaleRule: BlockScaleChoice?

  /// The codec of a block format.
  func codec(_ format: BlockFormat, rounding: RoundingRule) throws -> BlockCodec {
    let (chosen, search) = try (scaleRule ?? .greatest).applied(to: format)
    return try BlockCodec(chosen, rounding: rounding, search: search)
  }

  /// Refuses the option for formats of single elements.
  func refuse(for format: String) throws {
    guard scaleRule == nil else {
      throw ValidationError("--scale-rule is for block formats; '\(format)' is none")
    }
  }
}
