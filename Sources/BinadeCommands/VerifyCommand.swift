import ArgumentParser
import Binade
import BinadeVerification
import Foundation

/// The proof.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check conversions against MPFR: every code, every boundary, or every float32 there is.",
    discussion: """
      MPFR holds the values of the format and says, for each input, what the correctly rounded result is; it
      shares no rounding code with what it checks. Inputs: every value and every boundary with their neighbours
      in float32 and in float64, the edges of overflow, zeros, infinities, NaNs. Formats of more than 16 bits
      are checked around every power of two and at both ends. Exit status 1 when anything differs.

      --exhaustive is a proof: MPFR decides every step of the conversion, and the codec is run on all 2^32 float32
      inputs, NaN payloads included. --certificates keeps it, --certificate runs a kept one again.

      EXAMPLES
        binade verify float8_e4m3fn
        binade verify --all
        binade verify int4 q3.4 --rounding nearestEven,towardZero --json
        binade verify float8_e4m3fn --exhaustive --certificates proofs
        binade verify --certificate proofs/float8_e4m3fn.json
        binade verify --p3109 8 --rounding nearestEven --exhaustive
      """
  )

  @Argument(help: "Names of formats, or paths of definition files.") var names: [String] = []
  @Flag(help: "Check every format of the catalogue.") var all = false
  @Option(help: "Check every IEEE P3109 format of up to so many bits (3 to 16).") var p3109: Int?
  @Option(help: "Rounding rules, separated by commas, or 'all'.") var rounding = "all"
  @Flag(help: "Prove it: all 2^32 float32 inputs of formats of up to 16 bits.") var exhaustive = false
  @Option(help: "With --exhaustive: the folder that certificates are written to.") var certificates: String?
  @Option(help: "A certificate to run again.") var certificate: String?
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

  func validate() throws {
    if let certificate {
      guard names.isEmpty, !all, p3109 == nil, !exhaustive else {
        throw ValidationError("--certificate \(certificate) names its format and rules itself")
      }
      return
    }
    guard [all, p3109 != nil, !names.isEmpty].count(where: { $0 }) == 1 else {
      throw ValidationError("name formats to verify, or say --all or --p3109 K")
    }
    if let p3109, !(3...16).contains(p3109) {
      throw ValidationError("--p3109 must be 3 to 16, found \(p3109)")
    }
    if certificates != nil, !exhaustive {
      throw ValidationError("--certificates needs --exhaustive: a certificate is a proof over all inputs")
    }
  }

  func run() throws {
    let catalog = try formatOptions.catalog()
    let exhaustive = ExhaustiveVerification(threads: runOptions.threads, commandLine: commandLine)
    if let certificate { return try exhaustive.recheck(certificate, catalog: catalog) }
    let formats = try formats(catalog)
    let rules = try self.rules()
    if self.exhaustive {
      let certifiable = formats.filter { $0.bitWidth <= 16 }
      let wide = formats.filter { $0.bitWidth > 16 }.map(\.name)
      guard !certifiable.isEmpty else {
        throw CertificateError.notCertifiable(format: wide[0], bitWidth: formats[0].bitWidth)
      }
      if !wide.isEmpty {
        CommandContext.current.console.writeError(
          "note: more than 16 bits, not certified (verify them without --exhaustive): "
            + wide.joined(separator: ", ")
        )
      }
      let folder = try certificates.map { try OutputFolder($0) }
      return try exhaustive.run(certifiable, rules: rules, folder: folder, json: json)
    }
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

  private func formats(_ catalog: FormatCatalog) throws -> [any NumericFormat] {
    if all { return catalog.formats }
    guard let p3109 else { return try names.map { try catalog.format(named: $0) } }
    return try ParametricFormat.p3109Names(upTo: p3109).map { try catalog.format(named: $0) }
  }

  /// The command as it would be typed again.
  private var commandLine: String {
    let what = all ? "--all" : p3109.map { "--p3109 \($0)" } ?? names.joined(separator: " ")
    return "binade verify \(what) --rounding \(rounding) --exhaustive"
  }

  private func rules() throws -> [RoundingRule] {
    if rounding == "all" { return RoundingRule.allCases }
    return try rounding.split(separator: ",").map { name in
      guard let rule = RoundingRule(rawValue: String(name)) else {
        let known = RoundingRule.allCases.map(\.rawValue)
        throw SpecificationError.unknownPart(
          kind: "rounding",
          text: String(name),
          allowed: known + ["all"]
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
          overflow: $0.policy.overflowName,
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
        "\n\(report.format), \(report.policy.rounding.rawValue), \(report.policy.overflowName): "
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
