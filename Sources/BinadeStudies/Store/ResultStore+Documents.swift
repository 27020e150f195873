import BinadeEvaluation
import Foundation

extension ResultStore {
  /// The whole result of a run; nil where the store has no such run, or not the whole of it, as of studies' points.
  public func result(of key: RunKey) throws(StoreError) -> EvaluationResult? {
    let text = try read { db in
      try String.fetchOne(db, sql: "SELECT json FROM document WHERE run = ?", arguments: [key.digits])
    }
    return text.flatMap { ResultDocument.result($0) }
  }
}

/// Results as text that comes back bit for bit, NaN and infinity included.
enum ResultDocument {
  private static let (infinity, minusInfinity, nan) = ("inf", "-inf", "nan")

  static func text(_ result: EvaluationResult) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: infinity,
      negativeInfinity: minusInfinity,
      nan: nan
    )
    return String(decoding: try encoder.encode(result), as: UTF8.self)
  }

  /// Nil for what another version has written otherwise.
  static func result(_ text: String) -> EvaluationResult? {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: infinity,
      negativeInfinity: minusInfinity,
      nan: nan
    )
    return try? decoder.decode(EvaluationResult.self, from: Data(text.utf8))
  }
}
