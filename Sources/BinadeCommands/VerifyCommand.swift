import ArgumentParser
import Binade
import BinadeVerification
import Foundation

/// The proof.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check conversions against MPFR: every code, every boundary and its neighbours.",
    discussion: """
      MPFR holds the values of the format and says, for each input, what the correctly rounded result is; it
      shares no rounding code with what it checks. Inputs: every value and every boundary with their neighbours
      in float32 and in float64, the edges of overflow, zeros, infinities, NaNs. Formats of more than 16 bits
      are checked around every power of two and at both ends. Exit status 1 when anything differs.

      EXAMPLES
        binade verify float8_e4m3fn
        binade verify --all
        binade verify int4 q3.4 --rounding nearestEven,towardZero --json
      """
  )

  @Argument(help: "Names of formats, or paths of definition files.") var names: [String] = []
  @Flag(help: "Check every format of the catalogue.") var all = false
  @Option(help: "Rounding rules, separated by commas. Default: all.") var rounding: String?
  @OptionGroup var formatOptions: FormatOptions
  @OptionGroup var runOptions: RunOptions
  @Flag(help: "Print as JSON.") var json = false

  private struct Row: Encodable {
    let format: String
    let rounding: String
    let overflow: String
    let checkCount: Int
    let mismatchCount: Int
    let counterexamples: [String]
  }

  func run() throws {
    guard all != !names.isEmpty else {
      throw ValidationError("name formats to verify, or say --all")
    }
    let catalog = try formatOptions.catalog()
    let formats = all ? catalog.formats : try names.map { try catalog.format(named: $0) }
    let rules = try self.rules()
    let bar = ProgressBar(total: formats.count, label: "")
    var reports: [VerificationReport] = []
    for format in formats {
      bar.setLabel(format.name)
      reports += try verify(format, rules)
      bar.advance(1)
    }
    bar.finish()
    write(reports)
    if reports.contains(where: { $0.mismatchCount > 0 }) { throw CheckFailure() }
  }

  private func rules() throws -> [RoundingRule] {
    guard let rounding else { return RoundingRule.allCases }
    return try rounding.split(separator: ",").map { name in
      guard let rule = RoundingRule(rawValue: String(name)) else {
        let known = RoundingRule.allCases.map(\.rawValue)
        throw SpecificationError.unknownPart(
          kind: "rounding",
          text: String(name),
          allowed: known
        )
      }
      return rule
    }
  }

  /// All policies of one format, shared out among threads.
  private func verify(_ format: any NumericFormat, _ rules: [RoundingRule]) throws
    -> [VerificationReport]
  {
    let policies = rules.flatMap { rule in
      OverflowRule.universal.map { ConversionPolicy(rounding: rule, overflow: $0) }
    }
    let outcomes = ParallelLoop.map(count: policies.count, threads: runOptions.threads) { index in
      Result {
        try ConversionCheck(format, policy: policies[index]).run(
          FormatCodec(format, policy: policies[index])
        )
      }
    }
    return try outcomes.map { try $0.get() }
  }

  private func write(_ reports: [VerificationReport]) {
    let console = CommandContext.current.console
    if json {
      let rows = reports.map {
        Row(
          format: $0.format,
          rounding: $0.policy.rounding.rawValue,
          overflow: $0.policy.overflow.rawValue,
          checkCount: $0.checkCount,
          mismatchCount: $0.mismatchCount,
          counterexamples: $0.counterexamples.map(\.description)
        )
      }
      if let text = try? JSONText.encode(rows) { console.write(text) }
      return
    }
    var table = TextTable(columns: [
      .init("format", .left), .init("policies"), .init("checks"), .init("mismatches"),
    ])
    var order: [String] = []
    for report in reports where order.last != report.format { order.append(report.format) }
    for name in order {
      let own = reports.filter { $0.format == name }
      table.append([
        name, "\(own.count)", "\(own.reduce(0) { $0 + $1.checkCount })",
        "\(own.reduce(0) { $0 + $1.mismatchCount })",
      ])
    }
    console.write(table.text)
    let failed = reports.filter { $0.mismatchCount > 0 }
    for report in failed.prefix(8) {
      console.write(
        "\n\(report.format), \(report.policy.rounding.rawValue), \(report.policy.overflow.rawValue): "
          + "\(report.mismatchCount) mismatches, the first \(report.counterexamples.count):"
      )
      for counterexample in report.counterexamples { console.write("  \(counterexample)") }
    }
    if failed.count > 8 { console.write("\n(\(failed.count - 8) more policies with mismatches)") }
    let total = reports.reduce(0) { $0 + $1.checkCount }
    let wrong = reports.reduce(0) { $0 + $1.mismatchCount }
    console.write("\n\(order.count) formats, \(total) checks against MPFR, \(wrong) mismatches")
  }
}
