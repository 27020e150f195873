import Binade
import Foundation

@testable import BinadeCommands

/// JSON that Binade wrote, or says it did.
enum Documents {
  private static let format = try? FormatCatalog().format(named: "int4")

  /// A certificate: read, and held against a format, but not proven again.
  static func certificate(_ data: Data) {
    guard let certificate = try? CertificateFile.certificate(from: data, file: "x.json"), let format else {
      return
    }
    try? certificate.validate(against: format, file: "x.json")
    for row in certificate.rows { _ = try? row.policy(file: "x.json") }
  }

  private static let graph = try? ResNet.cifar(depth: 8).graph

  /// The results of `compare` or `evaluate --json`: read, shown as a table, written and read again.
  static func results(_ data: Data) {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    guard let results = try? decoder.decode([EvaluationResult].self, from: data), let graph else { return }
    _ = ComparisonReport(results, graph: graph).table.text
    guard let text = try? JSONText.encode(results) else { return }
    precondition(
      (try? decoder.decode([EvaluationResult].self, from: Data(text.utf8))) != nil,
      "what was written cannot be read"
    )
  }
}
