import ArgumentParser
import Binade

/// Formats that are searched while a network is trained.
struct FormatSearchOptions: ParsableArguments {
  @Option(
    name: .customLong("fracbits"),
    help: """
      Search formats by gradient (FracBits, Yang and Jin 2021) for this budget: bits (3: what 3 bits everywhere cost), or a cost with k, M or G. Best begun with --init; implies \
      --qat sat, and --ends int8 unless they are given.
      """
  )
  var budget: String?

  @Option(
    help:
      "The formats to search, in the order of their bits, joined by commas: FORMAT or WEIGHTS/INPUTS; 0 first prunes channels (--channelwise). Default: DoReFa's levels of 2 to 8 bits.",
    completion: NameCompletion.quantizers
  )
  var searchFormats: String?

  @Option(help: "Count costs so: bitOperations, aqtQuadratic, aqtLinear, memoryBits. Default: bitOperations.")
  var cost: CostModel?

  @Option(
    help: """
      How formats are searched: fracbits, gumbel (one of two drawn in each step), bitpruning (towards fewer bits only), dnas (all formats mixed), us (drawn in each \
      step, then evolution), dq (the step of a grid learned). Default: fracbits.
      """
  )
  var searchRule: String?

  @Flag(help: "Search a format for each output channel of weights.")
  var channelwise = false

  /// FracBits' grid of DoReFa's levels, 2 to 8 bits.
  static let standardFormats = (2...8).map { "int\($0)_midrise/uint\($0)" }.joined(separator: ",")

  func validate() throws {
    if budget != nil, channelwise, let searchRule, ["dnas", "us"].contains(searchRule) {
      throw ValidationError(
        "--channelwise is for fracbits, gumbel, bitpruning and dq; \(searchRule) searches formats of layers"
      )
    }
    guard budget == nil, searchFormats != nil || cost != nil || channelwise || searchRule != nil else {
      return
    }
    throw ValidationError(
      "--search-formats, --search-rule, --cost and --channelwise are for --fracbits BUDGET"
    )
  }

  /// Settings that the options stand for, the budget apart.
  var settings: [(String, String)] {
    guard budget != nil else { return [] }
    return [("search", searchFormats ?? Self.standardFormats), ("quantization", "sat"), ("ends", "int8")]
      + (cost.map { [("costModel", $0.rawValue)] } ?? [])
      + (channelwise ? [("searchChannels", "true")] : [])
      + (searchRule.map { [("searchRule", $0)] } ?? [])
  }

  /// Puts the budget into a recipe: what so many bits cost, or the cost itself.
  func setBudget(of recipe: inout TrainingRecipe, _ graph: NetworkGraph, _ catalog: FormatCatalog) throws {
    guard let budget else { return }
    if let bits = Double(budget), (1...32).contains(bits) {
      let layers = graph.weightedLayers
      let quantization = try recipe.quantization(layers.map(\.name), catalog)
      let chains = quantization.flatMap { [$0?.weightChain, $0?.inputChain].compactMap { $0 } }
      let range = chains.map { ($0.bitWidth(of: 0), $0.bitWidth(of: $0.formats.count - 1)) }
      if let (least, greatest) = range.first, bits < Double(least) || bits > Double(greatest) {
        throw ValidationError("--fracbits \(budget): the formats to search have \(least) to \(greatest) bits")
      }
      let model = ResourceModel(layers.map(\.shape), quantization, recipe.search.costModel)
      recipe.search.budget = model.uniformCost(bits: bits).rounded()
    } else {
      guard let cost = AssignCommand.number(budget) else {
        throw ValidationError("--fracbits takes bits, 1 to 32, or a cost such as 0.389G, found '\(budget)'")
      }
      recipe.search.budget = Double(cost)
    }
  }
}
