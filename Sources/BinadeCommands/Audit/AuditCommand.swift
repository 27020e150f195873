import ArgumentParser
import Binade
import BinadeVerification
import Foundation

extension AuditRun.InputType: ExpressibleByArgument {}
extension AuditRun.AnswerType: ExpressibleByArgument {}

/// Somebody else's converter against MPFR.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Check somebody else's converter against MPFR, and say what is wrong with it.",
    discussion: """
      The command reads little-endian float32 (or float64) numbers from its standard input up to the end and writes one
      answer per number to its standard output: a code of 1 byte (2 above 8 bits), or with --returns values the
      rounded number as float32. A library gives a function f(const float *in, uint8_t *codes, size_t count).

      Inputs are those where faults show: around every step of the conversion, every value and power of two, zeros,
      subnormals, infinities, NaN payloads, and an even sample; --exhaustive takes all 2^32. Any NaN code stands for
      NaN. The diagnosis compares what was found with converters that have one known fault each. Exit status 1 when
      anything differs, 2 when the converter crashes, hangs or answers too little: both run as processes of their own,
      which are stopped at the end with all that they started. The examples shown are those that the diagnosis does not
      explain, if there are any; --list writes all that is wrong.

      EXAMPLES
        binade audit --format float8_e4m3fn --dialect torch --command 'python3 torch_cast.py float8_e4m3fn'
        binade audit --format bfloat16 --input-type float64 --command 'python3 ml_dtypes_cast.py bfloat16 float64'
        binade audit --format float8_e5m2 --overflow saturate --library ./libcast.so --symbol cast --exhaustive
      """
  )

  @Option(help: "The format that the converter should convert to.", completion: NameCompletion.format)
  var format: String
  @Option(help: "How it should round.") var rounding: RoundingRule = .nearestEven
  @Option(help: "What it should make of values beyond the range: ieee or saturate, not wrap. Default: ieee.")
  var overflow: OverflowRule?
  @Option(help: "The standard or library whose rules it should follow ('binade formats dialects').")
  var dialect: Dialect?
  @Option(help: "The converter as a shell command.") var command: String?
  @Option(help: "The converter as a shared library.") var library: String?
  @Option(help: "The function of the library.") var symbol: String?
  @Option(help: "What it reads: float32 or float64.") var inputType: AuditRun.InputType = .float32
  @Option(help: "What it answers: codes or values.") var returns: AuditRun.AnswerType = .codes
  @Flag(help: "All 2^32 float32 inputs instead of those where faults show.") var exhaustive = false
  @Option(help: "Seconds without an answer after which the command is stopped.") var timeout = 60
  @Option(help: "A file to write all mismatches to, a line each.", completion: .file()) var list: String?
  @OptionGroup var formatOptions: FormatOptions
  @Flag(help: "Print as JSON.") var json = false

  func validate() throws {
    guard (command != nil) != (library != nil) else {
      throw ValidationError("name the converter: --command 'COMMAND', or --library FILE --symbol NAME")
    }
    guard (library != nil) == (symbol != nil) else {
      throw ValidationError("--library and --symbol belong together")
    }
    guard (1...86_400).contains(timeout) else {
      throw ValidationError("--timeout must be 1 to 86400 seconds, found \(timeout)")
    }
    if overflow != nil, dialect != nil {
      throw ValidationError("--overflow and --dialect say the same thing; give one of them")
    }
    if overflow == .wrap {
      throw ValidationError("--overflow wrap cannot be audited: the conversion is not monotone")
    }
    if exhaustive, inputType == .float64 {
      throw ValidationError("--exhaustive is for float32: there are 2^64 float64 inputs")
    }
  }

  func run() throws {
    let console = CommandContext.current.console
    let format = try formatOptions.catalog().format(named: format)
    let policy = ConversionPolicy(rounding: rounding, overflow: overflow ?? .ieee, dialect: dialect)
    let audit = try Audit(format, policy: policy)
    let list = try list.map { try MismatchList($0) }
    let run = AuditRun(
      audit: audit,
      answers: returns,
      name: command ?? "\(library ?? "") \(symbol ?? "")",
      list: list
    )
    let report: AuditRun.Report
    if let library, let symbol {
      let converter = AuditedLibrary(
        path: library,
        symbol: symbol,
        inputSize: inputType == .float32 ? 4 : 8,
        answerElementSize: run.answerElementSize,
        timeout: timeout,
        program: CommandContext.current.program
      )
      report = try self.report(run, converter)
    } else {
      report = try self.report(run, AuditedProcess(command: command ?? "", timeout: timeout))
    }
    try list?.finish()
    console.write(json ? try JSONDocument.audit.text(report) : Self.text(report))
    if report.mismatchCount > 0 { throw CheckFailure() }
  }

  private func report(_ run: AuditRun, _ converter: some AuditedConverter) throws -> AuditRun.Report {
    guard exhaustive else { return try run.atEdges(converter, inputType: inputType) }
    let bar = ProgressBar(total: 1 << 16, label: format)
    defer { bar.finish() }
    return try run.exhaustive(converter) { bar.advance($0) }
  }

  private static func text(_ report: AuditRun.Report) -> String {
    var lines = [
      "converter    \(report.converter.visible())",
      "should be    \(report.format), \(report.rounding), \(report.overflow)",
      "inputs       \(report.checkedCount) \(report.inputType.rawValue): \(report.inputs)",
      "mismatches   \(report.mismatchCount)",
    ]
    // Only beside what is explained is it worth a word that something is not.
    let isPart = report.diagnosis?.findings.isEmpty == false
    var last = ""
    for example in report.counterexamples {
      let title = isPart && example.isUnexplained ? "unexplained" : "first"
      let shownTitle = (title == last ? "" : title).padding(toLength: 13, withPad: " ", startingAt: 0)
      lines.append("\(shownTitle)\(example.input): expected \(example.expected), found \(example.found)")
      last = title
    }
    if let diagnosis = report.diagnosis {
      for finding in diagnosis.findings {
        lines.append(
          "diagnosis    \(finding.name)"
            + (finding.isComplete
              ? ": explains everything" : ": explains \(finding.explainedCount) of those at the edges")
        )
      }
      if diagnosis.unexplainedCount > 0 {
        let count = diagnosis.unexplainedCount
        lines.append(
          diagnosis.findings.isEmpty
            ? "diagnosis    none of the known faults"
            : "             \(count) more at the edges are not explained"
        )
      }
    }
    if report.otherNaNCount > 0 {
      lines.append(
        "NaN          \(report.otherNaNCount) inputs became a NaN other than the canonical code: no fault"
      )
    }
    if report.leavesOutNaN {
      lines.append(
        "NaN          inputs not judged: \(report.format) has none, and no dialect says what becomes of them"
      )
    }
    return lines.joined(separator: "\n")
  }
}
