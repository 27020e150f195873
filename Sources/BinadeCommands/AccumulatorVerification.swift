import ArgumentParser
import Binade
import BinadeVerification

/// The accumulators of `verify --accumulator`.
struct AccumulatorOptions: ParsableArguments {
  @Option(help: "Check dot products of the formats instead, in accumulators of these, separated by commas.")
  var accumulator: String?

  @Option(help: "With --accumulator: products summed exactly before each rounding. Default: 1.")
  var accumulateEvery: Int?

  @Option(
    help: "With --accumulator: sequential (default), pairwise, or chunks:K for a float32 sum of sums of K."
  )
  var accumulateOrder: String?

  @Option(help: "With --accumulator: the format that products are rounded to; exact unless given.")
  var product: String?

  @Option(help: "With --accumulator: dot products per policy, half of them adversarial. Default: 10000.")
  var vectors: Int?

  func validate() throws {
    if accumulator == nil {
      let given = [
        ("--accumulate-every", accumulateEvery != nil), ("--accumulate-order", accumulateOrder != nil),
        ("--product", product != nil), ("--vectors", vectors != nil),
      ]
      for (name, isGiven) in given where isGiven { throw ValidationError("\(name) needs --accumulator") }
    }
    if accumulator?.allSatisfy({ $0 == "," }) == true {
      throw ValidationError("--accumulator needs at least one name")
    }
    for (name, value) in [("--accumulate-every", accumulateEvery), ("--vectors", vectors)] {
      if let value, value < 1 { throw ValidationError("\(name) must be at least 1, found \(value)") }
    }
    _ = try order { _ in nil }
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
}

/// `verify --accumulator`: dot products in rounded accumulators against MPFR.
struct AccumulatorVerification {
  let options: AccumulatorOptions
  let catalog: FormatCatalog
  let threads: Int

  /// Checks the reference and this machine's kernels for every pair of operand format and accumulator, under every rule.
  func run(_ entries: [FormatCatalog.Entry], rules: [RoundingRule]) throws -> [VerificationReport] {
    var operands: [any NumericFormat] = []
    for case .element(let format) in entries { operands.append(format) }
    let names = (options.accumulator ?? "").split(separator: ",").map(String.init)
    let sums = try names.map { try catalog.format(named: $0) }
    let product = try options.product.map { try catalog.format(named: $0) }
    let bar = ProgressBar(total: operands.count * sums.count)
    defer { bar.finish() }
    var reports: [VerificationReport] = []
    for format in operands {
      for sum in sums {
        bar.setLabel("\(format.name) in \(sum.name)")
        let models = try policies(of: sum, rules).map { try model(sum, product, $0) }
        warn(models.first, format)
        reports += try check(models, format)
        bar.advance(1)
      }
    }
    return reports
  }

  private func policies(of format: any NumericFormat, _ rules: [RoundingRule]) -> [ConversionPolicy] {
    let canWrap = format is FixedPointFormat || (format as? IntegerFormat)?.range == .full
    let overflows = canWrap ? OverflowRule.allCases : OverflowRule.universal
    return rules.flatMap { rule in overflows.map { ConversionPolicy(rounding: rule, overflow: $0) } }
  }

  private func model(
    _ sum: any NumericFormat,
    _ product: (any NumericFormat)?,
    _ policy: ConversionPolicy
  ) throws -> AccumulatorModel {
    // A product's format need not wrap around when the sum's does.
    let saturating = ConversionPolicy(rounding: policy.rounding, overflow: .saturate)
    return AccumulatorModel(
      product: try product.map {
        try AccumulatorFormat($0, policy: policy.overflow == .wrap ? saturating : policy)
      },
      sum: try AccumulatorFormat(sum, policy: policy),
      interval: options.accumulateEvery ?? 1,
      order: try options.order { try AccumulatorFormat(catalog.format(named: $0)) }
    )
  }

  /// Says on standard error what the accumulator cannot hold, for sums of the longest vectors checked.
  private func warn(_ model: AccumulatorModel?, _ operands: any NumericFormat) {
    guard let model, let codec = try? FormatCodec(operands) else { return }
    let bounds = OperandBounds(codec)
    for warning in model.warnings(left: bounds, right: bounds, depth: 67) {
      CommandContext.current.console.writeError("note: \(operands.name): \(warning)")
    }
  }

  private func check(_ models: [AccumulatorModel], _ format: any NumericFormat) throws
    -> [VerificationReport]
  {
    let outcomes = ParallelLoop.map(count: models.count, threads: threads) { index in
      Result { () throws -> VerificationReport in
        let codec = try FormatCodec(format)
        let subjects: [any AccumulationSubject] = [
          AccumulationReferenceSubject(models[index]),
          AccumulationKernelSubject(models[index], operands: (codec, codec)),
        ]
        let reports = try AccumulationCheck(models[index], left: format, right: format).run(
          subjects,
          vectors: options.vectors ?? 10_000,
          seed: 1
        )
        return reports.dropFirst().reduce(into: reports[0]) { $0 += $1 }
      }
    }
    return try outcomes.map { try $0.get() }
  }
}
