import ArgumentParser
import Binade
import BinadeVerification

/// `verify --accumulator`: dot products in rounded accumulators against MPFR.
struct AccumulatorVerification {
  /// Names of the accumulators' formats, of one policy where they say so, and of matrix units, separated by commas.
  let accumulators: String
  let options: AccumulatorOptions
  let vectors: Int
  let catalog: FormatCatalog
  let threads: Int

  /// Checks the reference and this machine's kernels for every pair of operand format and accumulator, under every rule.
  func run(_ entries: [TensorFormat], rules: [RoundingRule]) throws -> [VerificationReport] {
    var operands: [any NumericFormat] = []
    for case .element(let format) in entries { operands.append(format) }
    let names = accumulators.split(separator: ",").map(String.init)
    for name in names {
      try options.requireNoDetails(of: name)
      if MatrixUnit.named(name) == nil { _ = try options.model(name, catalog) }
    }
    let bar = ProgressBar(total: operands.count * names.count)
    defer { bar.finish() }
    var reports: [VerificationReport] = []
    for format in operands {
      for name in names {
        bar.setLabel("\(format.name) in \(name)")
        let models = try models(name, format, rules)
        warn(models.first, format)
        reports += try check(models, format)
        bar.advance(1)
      }
    }
    return reports
  }

  /// One model per policy: those that a name leaves open, or that of a matrix unit.
  private func models(_ name: String, _ operands: any NumericFormat, _ rules: [RoundingRule]) throws
    -> [AccumulatorModel]
  {
    if let unit = MatrixUnit.named(name) { return [try unit.model(left: operands, right: operands)] }
    let text = try AccumulatorText(name)
    return try policies(text, rules).map { try options.model(text.accumulator(catalog, policy: $0), catalog) }
  }

  private func policies(_ text: AccumulatorText, _ rules: [RoundingRule]) throws -> [ConversionPolicy] {
    let canWrap = try text.accumulator(catalog, policy: ConversionPolicy(overflow: .ieee)).fixedPoint != nil
    let overflows = text.overflow.map { [$0] } ?? (canWrap ? OverflowRule.allCases : OverflowRule.universal)
    let rules = text.rounding.map { [$0] } ?? rules
    return rules.flatMap { rule in overflows.map { ConversionPolicy(rounding: rule, overflow: $0) } }
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
          vectors: vectors,
          seed: 1
        )
        return reports.dropFirst().reduce(into: reports[0]) { $0 += $1 }
      }
    }
    return try outcomes.map { try $0.get() }
  }
}
