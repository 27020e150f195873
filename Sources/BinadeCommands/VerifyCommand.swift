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
      are checked around every power of two and at both ends. Block formats are checked on blocks whose greatest
      magnitude lies where a scale changes, under every scale rule. Exit status 1 when anything differs.

      Stochastic rounding is checked with 8 random bits and all variants unless --random-bits and
      --stochastic-variant (a, b, c or all) say otherwise: all words for each number for up to 12 bits. Its table
      shows the mean of rounded value less value, in units of the gap, over numbers spread evenly.

      --accumulator checks dot products of the formats' numbers, each sum rounded to the accumulator's format: the
      scalar reference and this machine's kernels, bit for bit.

      --exhaustive is a proof: MPFR decides every step of the conversion, and what commands and layers run (the scalar
      codec, and the bulk codec on every row of kernels that this machine has) converts all 2^32 float32 inputs, NaN
      payloads included: codes, round trips, and the decoding of every code. Formats of more than 16 bits: nearestEven and
      towardZero, in minutes. --certificates keeps the proof, --certificate runs a kept one again.

      EXAMPLES
        binade verify float8_e4m3fn
        binade verify --all
        binade verify mxfp4_e2m1 nvfp4
        binade verify int4 q3.4 --rounding nearestEven,towardZero --json
        binade verify float8_e4m3fn --exhaustive --certificates proofs
        binade verify --all --exhaustive --certificates proofs --resume
        binade verify --certificate proofs/float8_e4m3fn.json
        binade verify --p3109 8 --rounding nearestEven --exhaustive
        binade verify float8_e5m2 posit8 --operations all
        binade verify bfloat16 --operations add,mul --rounding nearestEven --long
        binade verify float8_e4m3fn --accumulator bfloat16,float16 --rounding nearestEven
        binade verify bfloat16 --rounding stochastic --random-bits 12 --stochastic-variant a
      """
  )

  @Argument(help: "Names of formats, or paths of definition files.", completion: NameCompletion.format)
  var names: [String] = []
  @Flag(help: "Check every format of the catalogue.") var all = false
  @Option(help: "Check every IEEE P3109 format of up to so many bits (3 to 16).") var p3109: Int?
  @Option(
    help: "Rounding rules, separated by commas, or 'all'; or 'stochastic', on its own.",
    completion: NameCompletion.roundings
  )
  var rounding = "all"
  @OptionGroup var stochastic: StochasticOptions
  @Flag(help: "Prove it: all 2^32 float32 inputs, every row of kernels.") var exhaustive = false
  @Option(help: "With --exhaustive: the folder that certificates are written to.", completion: .directory)
  var certificates: String?
  @Flag(
    help:
      "With --certificates: keep the rules that certificates in the folder prove, and go on with the others."
  )
  var resume = false
  @Option(help: "A certificate to run again.", completion: .file())
  var certificate: String?
  @Option(
    help: "Check arithmetic instead: add,sub,mul,div,fma,sqrt, or 'all'.",
    completion: NameCompletion.operations
  )
  var operations: String?
  @Flag(help: "With --operations: all pairs of 16-bit formats (2^32 each; takes an hour).") var long = false
  @Option(
    help: "Check dot products instead, summed in accumulators of these formats, separated by commas.",
    completion: NameCompletion.accumulators
  )
  var accumulator: String?
  @OptionGroup var accumulatorOptions: AccumulatorOptions
  @Option(help: "With --accumulator: dot products per policy, half of them adversarial. Default: 10000.")
  var vectors: Int?
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
    try stochastic.requireStochastic(rounding == "stochastic")
    try requireRoundedAccumulators()
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
    if rounding.allSatisfy({ $0 == "," }) || operations?.allSatisfy({ $0 == "," }) == true {
      throw ValidationError("--rounding and --operations need at least one name, or 'all'")
    }
    if operations != nil, rounding == "stochastic" {
      throw ValidationError(
        "--operations is for deterministic rules; --rounding stochastic checks conversions"
      )
    }
    if let vectors {
      guard accumulator != nil else { throw ValidationError("--vectors needs --accumulator") }
      guard (1...1_000_000_000).contains(vectors) else {
        throw ValidationError("--vectors must be 1 to 1000000000, found \(vectors)")
      }
    }
    if accumulator != nil, operations != nil || exhaustive || rounding == "stochastic" {
      throw ValidationError(
        "--accumulator is a check of its own, under deterministic rules: leave out --operations, --exhaustive "
          + "and --rounding stochastic"
      )
    }
    if operations != nil, exhaustive {
      throw ValidationError(
        "--exhaustive is about conversions; --operations takes all pairs of up to 8 bits anyway"
      )
    }
    if long, operations == nil { throw ValidationError("--long needs --operations") }
    if resume, certificates == nil {
      throw ValidationError("--resume goes on with the proofs in a folder: name it with --certificates")
    }
    if certificates != nil, !exhaustive {
      throw ValidationError("--certificates needs --exhaustive: a certificate is a proof over all inputs")
    }
  }

  private func requireRoundedAccumulators() throws {
    try accumulatorOptions.requireAccumulator(accumulator)
    guard accumulator?.split(separator: ",").contains("exact") == true else { return }
    throw ValidationError(
      "--accumulator names formats that sums are rounded to; 'exact' rounds once, at the end, and is an accumulator of "
        + "'binade evaluate'. The tests hold its sums against MPFR: make test"
    )
  }

  func run() throws {
    let catalog = try formatOptions.catalog()
    if let certificate { return try proof.recheck(certificate, catalog: catalog) }
    let entries = try entries(catalog)
    if rounding == "stochastic" { return try verifyStochastic(entries) }
    let rules = try self.rules()
    if exhaustive { return try prove(entries, rules) }
    if let operations {
      let verification = try OperationVerification(operations, isLong: long, threads: runOptions.threads)
      let reports = try verification.run(entries, rules: rules)
      try write(reports, formatCount: entries.count)
      if reports.contains(where: { $0.mismatchCount > 0 }) { throw CheckFailure() }
      return
    }
    if let accumulator {
      let verification = AccumulatorVerification(
        accumulators: accumulator,
        options: accumulatorOptions,
        vectors: vectors ?? 10_000,
        catalog: catalog,
        threads: runOptions.threads
      )
      let reports = try verification.run(entries, rules: rules)
      try write(reports, formatCount: entries.count)
      if reports.contains(where: { $0.mismatchCount > 0 }) { throw CheckFailure() }
      return
    }
    let bar = ProgressBar(total: entries.count, label: "")
    var reports: [VerificationReport] = []
    for entry in entries {
      switch entry {
      case .element(let format):
        bar.setLabel(format.name)
        reports += try verify(format, rules)
      case .block(let format):
        bar.setLabel(format.name)
        reports += try verify(format, rules)
      }
      bar.advance(1)
    }
    bar.finish()
    try write(reports, formatCount: entries.count)
    if reports.contains(where: { $0.mismatchCount > 0 }) { throw CheckFailure() }
  }

  private func entries(_ catalog: FormatCatalog) throws -> [TensorFormat] {
    if all {
      // A check of all formats is none when some could not be read.
      if let error = catalog.skipped.first { throw error }
      return catalog.formats.map { .element($0) } + catalog.blockFormats.map { .block($0) }
    }
    let names = p3109.map { ParametricFormat.p3109Names(upTo: $0) } ?? names
    return try names.map { try catalog.entry(named: $0) }
  }

  /// The proof over all inputs of those that have one.
  private func prove(_ entries: [TensorFormat], _ rules: [RoundingRule]) throws {
    var certifiable: [any NumericFormat] = []
    var others: [String] = []
    for entry in entries {
      switch entry {
      case .element(let format) where FormatProof.exists(for: format): certifiable.append(format)
      case .element(let format): others.append(format.name)
      case .block(let format): others.append(format.name)
      }
    }
    guard !certifiable.isEmpty else {
      throw ValidationError(
        "nothing to prove: \(others.joined(separator: ", ")) are blocks, or wider than 16 bits and no signed float, fixed "
          + "point, posit or takum; verify them without --exhaustive"
      )
    }
    if !others.isEmpty {
      CommandContext.current.console.writeError(
        "note: blocks, or wide formats of no closed form, not certified (verify them without --exhaustive): "
          + others.joined(separator: ", ")
      )
    }
    let provable = WideConversionProof.rules
    let unproved = certifiable.filter { FormatProof.rules(rules, for: $0).isEmpty }
    if let wide = unproved.first, !all || unproved.count == certifiable.count {
      throw CertificateError.noWideProof(
        format: wide.name,
        rounding: rules.map(\.rawValue).joined(separator: ", ")
      )
    }
    let wide = certifiable.filter { $0.bitWidth > 16 }.map(\.name)
    if !wide.isEmpty, rules.contains(where: { !provable.contains($0) }) {
      CommandContext.current.console.writeError(
        "note: wider than 16 bits, certified under \(provable.map(\.rawValue).joined(separator: " and ")) only: "
          + wide.joined(separator: ", ")
      )
    }
    let folder = try certificates.map { try OutputFolder($0) }
    let proved = certifiable.filter { !FormatProof.rules(rules, for: $0).isEmpty }
    try proof.run(proved, rules: rules, folder: folder, resuming: resume, json: json)
  }

  private var proof: ExhaustiveVerification {
    ExhaustiveVerification(threads: runOptions.threads, commandLine: commandLine)
  }

  /// The command as it would be typed again.
  private var commandLine: String {
    let what = all ? "--all" : p3109.map { "--p3109 \($0)" } ?? names.joined(separator: " ")
    let folders = formatOptions.formatFolder.map { " --format-folder \($0)" }.joined()
    return "binade verify \(what)\(folders) --rounding \(rounding) --exhaustive --certificates FOLDER"
  }

  private func rules() throws -> [RoundingRule] {
    if rounding == "all" { return RoundingRule.allCases }
    return try rounding.split(separator: ",").map { name in
      if name == "stochastic" {
        throw ValidationError("--rounding stochastic is checked on its own, not in a list of rules")
      }
      guard let rule = RoundingRule(rawValue: String(name)) else {
        let known = RoundingChoice.names
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

  /// All roundings of a block format, with all rules for a shared power of two; shared out among threads.
  private func verify(_ format: BlockFormat, _ rules: [RoundingRule]) throws -> [VerificationReport] {
    let variants =
      format.scale.rule == nil
      ? [format] : ScaleRule.allCases.compactMap { try? format.replacing(scaleRule: $0) }
    let tasks = variants.flatMap { variant in rules.map { (variant, $0) } }
    let outcomes = ParallelLoop.map(count: tasks.count, threads: runOptions.threads) { index in
      let (variant, rule) = tasks[index]
      return Result {
        try BlockCheck(variant, rounding: rule).run(BlockCodec(variant, rounding: rule))
      }
    }
    return try outcomes.map { try $0.get() }
  }

  private func write(_ reports: [VerificationReport], formatCount: Int) throws {
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
      console.write(try JSONDocument.verification.text(list: rows))
      return
    }
    var table = TextTable(columns: [
      .init("format", .left), .init("modes"), .init("checks"), .init("mismatches"),
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
    if failed.count > 8 { console.write("\n(\(failed.count - 8) more modes with mismatches)") }
    let total = reports.reduce(0) { $0 + $1.checkCount }
    let wrong = reports.reduce(0) { $0 + $1.mismatchCount }
    console.write("\n\(formatCount) formats, \(total) checks against MPFR, \(wrong) mismatches")
  }
}
