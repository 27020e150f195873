import ArgumentParser
import Binade

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
    help: "With --accumulator: sequential (default), pairwise, or chunks:K for a float32 sum of sums of K."
  )
  var accumulateOrder: String?

  @Option(
    help: "With --accumulator: the format that products are rounded to; exact unless given.",
    completion: NameCompletion.format
  )
  var product: String?

  func validate() throws {
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

  /// Refuses all that is no single format or datapath, and details of a datapath, which has nothing to be told.
  func requireLayerAccumulator(_ accumulator: String?) throws {
    try requireAccumulator(accumulator)
    guard let accumulator else { return }
    if let datapath = AccumulatorDatapath(rawValue: accumulator), let name = detailsGiven.first {
      throw ValidationError("\(name) is for accumulators that are formats; --accumulator \(datapath.rule)")
    }
    guard !accumulator.contains(",") else {
      throw ValidationError("--accumulator takes one format here, found '\(accumulator)'")
    }
  }

  /// The options given that say more about an accumulator.
  private var detailsGiven: [String] {
    [
      ("--accumulate-every", accumulateEvery != nil), ("--accumulate-order", accumulateOrder != nil),
      ("--product", product != nil),
    ].filter(\.1).map(\.0)
  }

  /// The order of summation; `outer` makes the accumulator of chunks.
  func order(_ outer: (String) throws -> AccumulatorFormat?) throws -> AccumulatorModel.Order {
    switch accumulateOrder {
    case nil, "sequential": return .sequential
    case "pairwise": return .pairwise
    case let text?:
      let parts = text.split(separator: ":")
      guard parts.count == 2, parts[0] == "chunks", let length = Int(parts[1]), length >= 1 else {
        throw ValidationError("--accumulate-order is sequential, pairwise or chunks:K, found '\(text)'")
      }
      guard let outer = try outer("float32") else { return .sequential }
      return .chunked(length: length, into: outer)
    }
  }

  /// The model with sums in `sum` under `policy`.
  func model(
    _ sum: any NumericFormat,
    policy: ConversionPolicy,
    _ catalog: FormatCatalog
  ) throws -> AccumulatorModel {
    // A product's format need not wrap around when the sum's does.
    let saturating = ConversionPolicy(rounding: policy.rounding, overflow: .saturate)
    return AccumulatorModel(
      product: try product.map {
        try AccumulatorFormat(
          catalog.format(named: $0),
          policy: policy.overflow == .wrap ? saturating : policy
        )
      },
      sum: try AccumulatorFormat(sum, policy: policy),
      interval: accumulateEvery ?? 1,
      order: try order { try AccumulatorFormat(catalog.format(named: $0)) }
    )
  }

  /// The accumulator of a network's layers; nil when none is asked for.
  func layerAccumulator(_ accumulator: String?, _ catalog: FormatCatalog) throws -> LayerAccumulator? {
    guard let accumulator else { return nil }
    switch AccumulatorDatapath(rawValue: accumulator) {
    case .exact: return try .exact()
    case .logarithmic: return .logarithmic
    case nil: break
    }
    let format = try catalog.format(named: accumulator)
    return LayerAccumulator(try model(format, policy: ConversionPolicy(overflow: .ieee), catalog))
  }
}
