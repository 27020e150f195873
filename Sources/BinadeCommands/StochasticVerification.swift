import ArgumentParser
import Binade
import BinadeVerification
import Foundation

/// Checks of stochastic rounding against MPFR, printed with the mean bias.
struct StochasticVerification {
  let roundings: [StochasticRounding]
  let threads: Int
  let json: Bool

  private struct Row: Encodable {
    let format: String
    let rounding = "stochastic"
    let randomBits: Int
    let variant: String
    let overflow: String
    let inputCount: Int
    let checkCount: Int
    let mismatchCount: Int
    let meanBias: Double?
    let counterexamples: [String]
  }

  /// Checks `formats` under both overflow rules and prints; throws when something differs.
  func run(_ formats: [any NumericFormat]) throws {
    let bar = ProgressBar(total: formats.count, label: "")
    var reports: [StochasticReport] = []
    for format in formats {
      bar.setLabel(format.name)
      reports += try verify(format)
      bar.advance(1)
    }
    bar.finish()
    let text = json ? try jsonText(reports) : table(reports, formatCount: formats.count)
    CommandContext.current.console.write(text)
    if reports.contains(where: { $0.mismatchCount > 0 }) { throw CheckFailure() }
  }

  private func verify(_ format: any NumericFormat) throws -> [StochasticReport] {
    let tasks = roundings.flatMap { rounding in OverflowRule.universal.map { (rounding, $0) } }
    let outcomes = ParallelLoop.map(count: tasks.count, threads: threads) { index in
      let (rounding, overflow) = tasks[index]
      return Result {
        try StochasticCheck(format, rounding: rounding, overflow: overflow).run(
          StochasticCodec(format, rounding: rounding, overflow: overflow)
        )
      }
    }
    return try outcomes.map { try $0.get() }
  }

  private func jsonText(_ reports: [StochasticReport]) throws -> String {
    try JSONDocument.stochasticVerification.text(
      list: reports.map {
        Row(
          format: $0.format,
          randomBits: $0.rounding.bitCount,
          variant: $0.rounding.variant.rawValue,
          overflow: $0.overflowName,
          inputCount: $0.inputCount,
          checkCount: $0.checkCount,
          mismatchCount: $0.mismatchCount,
          meanBias: $0.meanBias,
          counterexamples: $0.counterexamples.map(\.description)
        )
      }
    )
  }

  private func table(_ reports: [StochasticReport], formatCount: Int) -> String {
    var table = TextTable(columns: [
      .init("format", .left), .init("variant", .left), .init("bits"), .init("overflow", .left),
      .init("inputs"), .init("checks"), .init("mismatches"), .init("bias in gaps"),
    ])
    for report in reports {
      table.append([
        report.format, report.rounding.variant.rawValue, "\(report.rounding.bitCount)",
        report.overflowName, "\(report.inputCount)", "\(report.checkCount)",
        "\(report.mismatchCount)", report.meanBias.map(Self.shown) ?? "",
      ])
    }
    var lines = [table.text]
    for report in reports.filter({ $0.mismatchCount > 0 }).prefix(8) {
      lines.append(
        "\n\(report.format), variant \(report.rounding.variant.rawValue), \(report.overflowName): "
          + "\(report.mismatchCount) mismatches, the first \(report.counterexamples.count) inputs:"
      )
      lines += report.counterexamples.map { "  \($0)" }
    }
    let total = reports.reduce(0) { $0 + $1.checkCount }
    let wrong = reports.reduce(0) { $0 + $1.mismatchCount }
    lines.append("\n\(formatCount) formats, \(total) checks against MPFR, \(wrong) mismatches")
    return lines.joined(separator: "\n")
  }

  /// Four digits; what is only the rounding of the sum is shown as 0.
  private static func shown(_ bias: Double) -> String {
    abs(bias) < 1e-12 ? "0" : String(format: "%.4g", bias)
  }
}

extension VerifyCommand {
  /// Checks stochastic rounding of formats of single elements; block formats have none.
  func verifyStochastic(_ entries: [TensorFormat]) throws {
    guard !exhaustive else {
      throw ValidationError(
        "--exhaustive is for deterministic rules; leave it out with --rounding stochastic"
      )
    }
    var formats: [any NumericFormat] = []
    for entry in entries {
      switch entry {
      case .element(let format): formats.append(format)
      case .block(let format) where all:
        CommandContext.current.console.writeError("note: \(format.name) is a block format, left out")
      case .block(let format):
        throw ValidationError(
          "--rounding stochastic is for formats of single elements; '\(format.name)' is a block format"
        )
      }
    }
    try StochasticVerification(
      roundings: try stochastic.roundings(),
      threads: runOptions.threads,
      json: json
    ).run(formats)
  }
}
