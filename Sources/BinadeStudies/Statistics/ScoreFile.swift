import BinadeNetworks
import Foundation
import SwiftCSV

/// Scores of items as files hold them: results of Binade, samples of lm-evaluation-harness, and any table of items and scores.
public enum ScoreFile {
  /// The runs in a file.
  ///
  /// - results.json of `evaluate` and `compare`: a run for each row, items are images.
  /// - JSONL: an object per line; lm-evaluation-harness' `--log_samples` as it is, or any with an item and a score.
  /// - CSV: a column of items and a column of scores, named in the first line.
  ///
  /// `metric`: the key or the column of the score; nil where the file has one. For files with several filters, `metric,filter`.
  ///
  /// Throws ``ScoreFileError`` for everything else.
  public static func runs(_ url: URL, metric: String? = nil) throws(ScoreFileError) -> [ItemScores] {
    let file = url.lastPathComponent
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw .unreadable(file: url.path)
    }
    let name = url.deletingPathExtension().lastPathComponent
    switch url.pathExtension.lowercased() {
    case "csv": return [try table(data, name: name, file: file, metric: metric)]
    case "jsonl", "ndjson": return [try lines(data, name: name, file: file, metric: metric)]
    default: return try results(data, name: name, file: file)
    }
  }

  // MARK: Binade

  private struct Row: Decodable {
    struct Provenance: Decodable { let accumulator: String? }

    let model: String?
    let data: String
    let weights: String, activations: String
    let ends: String?, assignment: String?, recipe: String?
    let top1Outcomes: Top1Outcomes
    let provenance: Provenance?

    var label: String {
      let rest = [ends.map { "ends \($0)" }, assignment, recipe, provenance?.accumulator]
      return RunLabel(weights: weights, activations: activations, rest: rest).text
    }
  }

  private struct Document: Decodable {
    let document: String
    let results: [Row]?
  }

  private static func results(_ data: Data, name: String, file: String) throws(ScoreFileError) -> [ItemScores]
  {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    let rows: [Row]
    do {
      let document = try decoder.decode(Document.self, from: data)
      rows = try document.results ?? [decoder.decode(Row.self, from: data)]
    } catch {
      throw .noOutcomes(file: file)
    }
    return rows.map { row in
      ItemScores(
        name: row.label,
        // Images of other data are other items.
        items: row.top1Outcomes.isRight.indices.map { "\(row.data) \($0)" },
        scores: row.top1Outcomes.isRight.map { $0 ? 1 : 0 }
      )
    }
  }

  // MARK: JSONL

  private static let itemKeys = ["doc_id", "id", "item", "image", "index", "question_id", "task_id"]
  private static let scoreKeys = [
    "acc", "exact_match", "em", "correct", "is_correct", "score", "accuracy", "pass@1", "f1",
  ]

  private static func lines(_ data: Data, name: String, file: String, metric: String?)
    throws(ScoreFileError) -> ItemScores
  {
    var objects: [[String: Any]] = []
    for (number, line) in data.split(separator: UInt8(ascii: "\n")).enumerated() {
      guard !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) else { continue }
      guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any] else {
        throw .malformedLine(file: file, line: number + 1, expected: "a JSON object")
      }
      objects.append(object)
    }
    guard let first = objects.first else { throw .empty(file: file) }
    let parts = metric.map { $0.split(separator: ",", maxSplits: 1).map(String.init) } ?? []
    let filters = Set(objects.compactMap { $0["filter"] as? String })
    if filters.count > 1 {
      guard parts.count == 2, filters.contains(parts[1]) else {
        throw .severalFilters(file: file, filters: filters.sorted())
      }
      objects = objects.filter { $0["filter"] as? String == parts[1] }
    }
    let named = first["metrics"] as? [String] ?? scoreKeys.filter { first[$0] != nil }
    let key = try self.key(parts.first, of: named, all: Array(first.keys), file: file)
    guard let itemKey = itemKeys.first(where: { first[$0] != nil }) else {
      throw .noItems(file: file, found: first.keys.sorted())
    }
    return try scores(name: name, file: file, metric: key, count: objects.count) { index in
      let object = objects[index]
      guard let item = object[itemKey] else { return nil }
      // The same number of another document is another item.
      let text = ["\(item)", object["doc_hash"].map { "\($0)" }].compactMap { $0 }.joined(separator: " ")
      return (text, object[key].flatMap(number))
    }
  }

  /// The key of the scores: the one that is asked for, or the only one there is.
  private static func key(_ wanted: String?, of named: [String], all: [String], file: String)
    throws(ScoreFileError) -> String
  {
    if let wanted {
      guard all.contains(wanted) else { throw .noMetric(file: file, wanted: wanted, found: all.sorted()) }
      return wanted
    }
    guard let first = named.first else { throw .noMetric(file: file, wanted: nil, found: all.sorted()) }
    guard named.count == 1 || named.contains("acc") || named.contains("exact_match") else {
      throw .noMetric(file: file, wanted: nil, found: named)
    }
    return named.first { $0 == "acc" || $0 == "exact_match" } ?? first
  }

  private static func number(_ value: Any) -> Double? {
    switch value {
    case let number as NSNumber: number.doubleValue
    case let text as String: number(of: text)
    default: nil
    }
  }

  private static func number(of text: String) -> Double? {
    switch text.lowercased() {
    case "true", "yes", "right", "correct": 1
    case "false", "no", "wrong", "incorrect": 0
    default: Double(text)
    }
  }

  // MARK: CSV

  private static func table(_ data: Data, name: String, file: String, metric: String?)
    throws(ScoreFileError) -> ItemScores
  {
    let csv: CSV<Named>
    do {
      csv = try CSV<Named>(string: String(decoding: data, as: UTF8.self))
    } catch {
      throw .malformedLine(file: file, line: 1, expected: "comma-separated columns with names")
    }
    guard !csv.rows.isEmpty else { throw .empty(file: file) }
    guard let itemColumn = csv.header.first(where: { itemKeys.contains($0) }) ?? csv.header.first else {
      throw .noItems(file: file, found: csv.header)
    }
    let others = csv.header.filter { $0 != itemColumn }
    let known = others.filter { scoreKeys.contains($0) }
    let column = try key(metric, of: known.isEmpty ? others : known, all: csv.header, file: file)
    return try scores(name: name, file: file, metric: column, count: csv.rows.count) { index in
      guard let item = csv.rows[index][itemColumn] else { return nil }
      return (item, csv.rows[index][column].flatMap(number(of:)))
    }
  }

  /// Gathers scores; `read` gives an item and its score.
  private static func scores(
    name: String,
    file: String,
    metric: String,
    count: Int,
    _ read: (Int) -> (item: String, score: Double?)?
  ) throws(ScoreFileError) -> ItemScores {
    var (items, scores, seen): ([String], [Double], Set<String>) = ([], [], [])
    for index in 0..<count {
      guard let found = read(index), let score = found.score, score.isFinite else {
        throw .noScore(file: file, entry: index + 1, metric: metric)
      }
      guard seen.insert(found.item).inserted else { throw .itemTwice(file: file, item: found.item) }
      items.append(found.item)
      scores.append(score)
    }
    return ItemScores(name: name, items: items, scores: scores)
  }
}

/// Why a file holds no scores.
public enum ScoreFileError: Error, Sendable, Hashable, CustomStringConvertible {
  case unreadable(file: String)
  case empty(file: String)
  case noOutcomes(file: String)
  case malformedLine(file: String, line: Int, expected: String)
  case severalFilters(file: String, filters: [String])
  case noItems(file: String, found: [String])
  case noMetric(file: String, wanted: String?, found: [String])
  case noScore(file: String, entry: Int, metric: String)
  case itemTwice(file: String, item: String)

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .unreadable(let file): "'\(file)' cannot be read"
    case .empty(let file): "'\(file)' has no items"
    case .noOutcomes(let file):
      "'\(file)' has no outcomes of images: give results.json of 'evaluate' or 'compare', a .jsonl or a .csv file"
    case .malformedLine(let file, let line, let expected): "line \(line) of '\(file)' is no \(expected)"
    case .severalFilters(let file, let filters):
      "'\(file)' has results of several filters; choose one with --metric METRIC,FILTER: "
        + filters.joined(separator: ", ")
    case .noItems(let file, let found):
      "'\(file)' does not say which item a line is about (doc_id, id, item, image or index); it has "
        + found.joined(separator: ", ")
    case .noMetric(let file, let wanted, let found):
      (wanted.map { "'\(file)' has no '\($0)'" } ?? "'\(file)' does not say which score is meant")
        + "; choose with --metric: " + found.joined(separator: ", ")
    case .noScore(let file, let entry, let metric):
      "entry \(entry) of '\(file)' has no number for '\(metric)'"
    case .itemTwice(let file, let item): "'\(file)' has item '\(item)' twice"
    }
  }
}
