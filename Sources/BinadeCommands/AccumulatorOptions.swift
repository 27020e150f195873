import ArgumentParser
import Binade
import Foundation

/// The accumulators that are no formats.
enum AccumulatorDatapath: String, CaseIterable {
  case exact, logarithmic

  /// The name, and why there is nothing to choose about its roundings.
  var rule: String {
    switch self {
    case .exact: "exact rounds once, at the end"
    case .logarithmic: "logarithmic rounds to float32 after every product"
    }
  }
}

/// How the accumulators of `verify` and `evaluate` sum; each command says itself what its `--accumulator` is.
struct AccumulatorOptions: ParsableArguments {
  @Option(help: "With --accumulator: products summed exactly before each rounding. Default: 1.")
  var accumulateEvery: Int?

  @Option(
    help: """
      With --accumulator: sequential (default), pairwise, or chunks:K for a float32 sum of sums of K products; \
      chunks:K:FORMAT sums them in another accumulator.
      """
  )
  var accumulateOrder: String?

  @Option(
    help:
      "With --accumulator: the format that products are rounded to, FORMAT[:ROUNDING]; exact unless given.",
    completion: NameCompletion.format
  )
  var product: String?

  @Option(
    help: """
      With --accumulator: cut the products of a group, and the accumulator, to so many bits below the greatest exponent \
      before they are added, as matrix units do; BITS, or BITS:LEAST:LEAST where exponents are sums of those of the factors, \
      which are at least so great.
      """
  )
  var align: String?

  func validate() throws {
    _ = try alignment()
    if let accumulateEvery, accumulateEvery < 1 {
      throw ValidationError("--accumulate-every must be at least 1, found \(accumulateEvery)")
    }
    _ = try order { _ in nil }
  }

  /// Refuses options that say more about an accumulator when there is none, and an accumulator without a name.
  func requireAccumulator(_ accumulator: String?) throws {
    if accumulator == nil, let name = detailsGiven.first {
      throw ValidationError("\(name) needs --accumulator")
    }
    if accumulator?.allSatisfy({ $0 == "," }) == true {
      throw ValidationError("--accumulator needs at least one name")
    }
  }

  /// Refuses all that is no single accumulator, and details of one that has nothing to be told.
  func requireLayerAccumulator(_ accumulator: String?) throws {
    try requireAccumulator(accumulator)
    guard let accumulator else { return }
    guard !accumulator.contains(",") else {
      throw ValidationError("--accumulator takes one format here, found '\(accumulator)'")
    }
    try requireNoDetails(of: accumulator)
  }

  /// Refuses details of an accumulator that has nothing to be told.
  func requireNoDetails(of accumulator: String) throws {
    guard let name = detailsGiven.first else { return }
    if let datapath = AccumulatorDatapath(rawValue: accumulator) {
      throw ValidationError("\(name) is for accumulators that are formats; --accumulator \(datapath.rule)")
    }
    if MatrixUnit.named(accumulator) != nil {
      throw ValidationError(
        "\(name) is for accumulators that are formats; the matrix unit '\(accumulator)' has groups and an order of its own"
      )
    }
  }

  /// The options given that say more about an accumulator.
  private var detailsGiven: [String] {
    [
      ("--accumulate-every", accumulateEvery != nil), ("--accumulate-order", accumulateOrder != nil),
      ("--product", product != nil), ("--align", align != nil),
    ].filter(\.1).map(\.0)
  }

  /// The order of summation; `outer` makes the accumulator of chunks.
  func order(_ outer: (String) throws -> AccumulatorFormat?) throws -> AccumulatorModel.Order {
    switch accumulateOrder {
    case nil, "sequential": return .sequential
    case "pairwise": return .pairwise
    case let text?:
      let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count >= 2, parts[0] == "chunks", let length = Int(parts[1]), length >= 1 else {
        throw ValidationError(
          "--accumulate-order is sequential, pairwise, chunks:K or chunks:K:FORMAT, found '\(text)'"
        )
      }
      guard let outer = try outer(parts.count == 3 ? parts[2] : "float32") else { return .sequential }
      return .chunked(length: length, into: outer)
    }
  }

  /// The alignment; nil for none.
  private func alignment() throws -> AccumulatorAlignment? {
    guard let align else { return nil }
    let parts = align.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    let numbers = parts.compactMap { $0 }
    guard numbers.count == parts.count, [1, 3].contains(parts.count), (0...60).contains(numbers[0]),
      numbers.dropFirst().allSatisfy({ (-149...127).contains($0) })
    else {
      throw ValidationError(
        "--align is BITS (0 to 60) or BITS:LEAST:LEAST (exponents of -149 to 127), found '\(align)'"
      )
    }
    guard numbers.count == 3 else { return AccumulatorAlignment(fractionBitCount: numbers[0]) }
    return AccumulatorAlignment(
      fractionBitCount: numbers[0],
      productExponent: .ofFactors(leastLeft: numbers[1], leastRight: numbers[2])
    )
  }

  /// The model with sums in `sum`.
  func model(_ sum: AccumulatorFormat, _ catalog: FormatCatalog) throws -> AccumulatorModel {
    let policy = sum.policy
    // A product's format need not wrap around when the sum's does.
    let saturating = ConversionPolicy(rounding: policy.rounding, overflow: .saturate)
    return AccumulatorModel(
      product: try product.map {
        let text = try AccumulatorText($0)
        var own = policy.overflow == .wrap ? saturating : policy
        own.rounding = text.rounding ?? own.rounding
        own.overflow = text.overflow ?? own.overflow
        return try text.accumulator(catalog, policy: own)
      },
      sum: sum,
      interval: accumulateEvery ?? 1,
      order: try order { try AccumulatorFormat(parsing: $0, catalog: catalog) },
      alignment: try alignment()
    )
  }

  /// The model that a name and the options describe; `text` is no datapath and no matrix unit.
  ///
  /// `policy`: what holds where the name does not say.
  func model(
    _ text: String,
    policy defaults: ConversionPolicy = ConversionPolicy(overflow: .ieee),
    _ catalog: FormatCatalog
  ) throws -> AccumulatorModel {
    let name = try AccumulatorText(text)
    let policy = ConversionPolicy(
      rounding: name.rounding ?? defaults.rounding,
      overflow: name.overflow ?? defaults.overflow
    )
    do {
      return try model(name.accumulator(catalog, policy: policy), catalog)
    } catch let error as UnknownFormat {
      throw UnknownAccumulator(name: error.name, known: error.known)
    }
  }

  /// The accumulator of a network's layers; nil when none is asked for.
  func layerAccumulator(_ accumulator: String?, _ catalog: FormatCatalog) throws -> Accumulator? {
    guard let accumulator else { return nil }
    switch AccumulatorDatapath(rawValue: accumulator) {
    case .exact: return try .exact()
    case .logarithmic: return .logarithmic
    case nil: break
    }
    if let unit = MatrixUnit.named(accumulator) { return Accumulator(unit) }
    return Accumulator(try model(accumulator, catalog))
  }
}

extension AccumulatorOptions {
  /// Refuses lists with nothing in them, and details that no accumulator of the list takes.
  func requireAccumulators(_ names: String?) throws {
    try requireAccumulator(names)
    guard let names else { return }
    for name in Self.names(names) { try requireNoDetails(of: name) }
  }

  /// The accumulators of a list, a row of a table for each; `cheapest`, and no list, is nil.
  func layerAccumulators(_ names: String?, _ catalog: FormatCatalog) throws -> [Accumulator?] {
    guard let names else { return [nil] }
    return try Self.names(names).map { $0 == "cheapest" ? nil : try layerAccumulator($0, catalog) }
  }

  private static func names(_ list: String) -> [String] {
    list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }
}

/// A name that no accumulator has.
struct UnknownAccumulator: Error, CustomStringConvertible {
  let name: String
  /// The formats.
  let known: [String]

  var description: String {
    let all = known + MatrixUnit.all.map(\.name) + ["exact", "logarithmic"]
    return
      "no accumulator '\(name)'\(NameSuggestion.sentence(for: name, among: all)) ('binade formats list' shows formats; "
      + "matrix units: \(MatrixUnit.all.map(\.name).joined(separator: ", ")); exact; logarithmic)"
  }
}
