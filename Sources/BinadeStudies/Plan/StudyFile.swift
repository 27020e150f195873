import BinadeFormats
import BinadeNumerics
import Foundation

/// A study as a file says it: axes whose values are combined, points beside them, and what is left out.
///
/// ```yaml
/// study: four-bit-shootout
/// formats: [int4, nf4, mxfp4_e2m1]
/// ends: [none, int8]
/// skip: ["formats=int4 ends=none"]
/// points: ["formats=int8 ptq=best"]
/// ```
public struct StudyFile: Sendable, Hashable {
  /// What the study is called.
  public let name: String
  /// The runs, in order, each once: models vary slowest.
  public let points: [StudyPoint]
  /// The text that was read.
  public let text: String

  /// Reads a study.
  ///
  /// `file`: what messages call it.
  ///
  /// Throws ``StudyFileError``.
  public init(yaml text: String, file: String) throws(StudyFileError) {
    let document: DefinitionDocument?
    do {
      document = try DefinitionDocument(yaml: text, file: file)
    } catch {
      throw .notYAML(reason: "\(error)")
    }
    guard let document else { throw .noStudy(file: file) }
    var (name, axes): (String?, [StudyAxis: [String]]) = (nil, [:])
    var (skipped, extra): ([[StudyAxis: String]], [[StudyAxis: String]]) = ([], [])
    var preset: StudyFile?
    for (key, value) in document.entries {
      let values = try Self.scalars(value, key: key.text, file: file)
      switch key.text {
      case "study": name = values.first
      case "preset":
        guard let wanted = values.first else { continue }
        preset = try Self.preset(named: wanted)
      case "skip": skipped = try values.map { text throws(StudyFileError) in try Self.assignment(text, file) }
      case "points": extra = try values.map { text throws(StudyFileError) in try Self.assignment(text, file) }
      default:
        guard let axis = StudyAxis.allCases.first(where: { $0.key == key.text }) else {
          throw .unknownAxis(file: file, line: key.line, found: key.text, allowed: Self.keys)
        }
        guard !values.isEmpty else { throw .emptyAxis(file: file, axis: key.text) }
        axes[axis] = values
      }
    }
    guard let name, !name.isEmpty else { throw .noName(file: file) }
    let grid = axes.isEmpty && (preset != nil || !extra.isEmpty) ? [] : try Self.grid(axes, file: file)
    var seen: Set<StudyPoint> = []
    var points: [StudyPoint] = []
    for point in (preset?.points ?? []) + grid + extra.map({ StudyPoint($0) }) {
      guard !skipped.contains(where: { point.matches($0) }), seen.insert(point).inserted else { continue }
      points.append(point)
    }
    guard !points.isEmpty else { throw .noPoints(file: file) }
    (self.name, self.points, self.text) = (name, points, text)
  }

  /// Reads a study from a file, or a preset of its name.
  public init(contentsOf path: String) throws(StudyFileError) {
    if StudyPresets.all[path] != nil, !FileManager.default.fileExists(atPath: path) {
      self = try Self.preset(named: path)
      return
    }
    guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 20 else {
      throw .unreadable(file: path, presets: StudyPresets.names)
    }
    try self.init(yaml: String(decoding: data, as: UTF8.self), file: path)
  }

  private static func preset(named name: String) throws(StudyFileError) -> StudyFile {
    guard let text = StudyPresets.all[name] else {
      throw .unknownPreset(found: name, allowed: StudyPresets.names)
    }
    return try StudyFile(yaml: text, file: name)
  }

  private static var keys: [String] {
    ["study", "preset", "points", "skip"] + StudyAxis.allCases.map(\.key)
  }

  /// More runs than this are a slip.
  static let greatestPointCount = 1_000_000

  /// All combinations, the first axis slowest.
  private static func grid(_ axes: [StudyAxis: [String]], file: String) throws(StudyFileError) -> [StudyPoint]
  {
    var points = [StudyPoint()]
    for axis in StudyAxis.allCases {
      guard let values = axes[axis] else { continue }
      let (count, overflows) = points.count.multipliedReportingOverflow(by: values.count)
      guard !overflows, count <= greatestPointCount else { throw .tooManyPoints(file: file) }
      points = points.flatMap { point in
        values.map { value in
          var point = point
          point[axis] = value
          return point
        }
      }
    }
    return points
  }

  private static func scalars(_ value: DefinitionDocument.Value, key: String, file: String)
    throws(StudyFileError) -> [String]
  {
    switch value {
    case .scalar(let scalar): [scalar.text]
    case .list(let list, _): list.map(\.text)
    case .other(let line): throw .noList(file: file, line: line, key: key)
    }
  }

  /// Reads `AXIS=VALUE AXIS=VALUE`.
  private static func assignment(_ text: String, _ file: String) throws(StudyFileError) -> [StudyAxis: String]
  {
    var values: [StudyAxis: String] = [:]
    for part in text.split(separator: " ") {
      let halves = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard halves.count == 2 else { throw .noAssignment(file: file, found: String(part)) }
      guard let axis = StudyAxis.allCases.first(where: { $0.key == halves[0] }) else {
        throw .unknownAxis(file: file, line: nil, found: halves[0], allowed: StudyAxis.allCases.map(\.key))
      }
      values[axis] = halves[1]
    }
    guard !values.isEmpty else { throw .noAssignment(file: file, found: text) }
    return values
  }
}

/// Why a file is no study.
public enum StudyFileError: Error, Sendable, Hashable, CustomStringConvertible {
  case unreadable(file: String, presets: [String])
  case notYAML(reason: String)
  case noStudy(file: String)
  case noName(file: String)
  case noPoints(file: String)
  case emptyAxis(file: String, axis: String)
  case noList(file: String, line: Int, key: String)
  case noAssignment(file: String, found: String)
  case unknownAxis(file: String, line: Int?, found: String, allowed: [String])
  case unknownPreset(found: String, allowed: [String])
  case tooManyPoints(file: String)

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .unreadable(let file, let presets):
      "'\(file)' is neither a study file that can be read nor a preset (\(presets.joined(separator: ", ")))"
    case .notYAML(let reason): reason
    case .noStudy(let file): "'\(file)' is no study: expected lines of 'key: value', 'study: NAME' among them"
    case .noName(let file): "'\(file)' does not name its study; add 'study: NAME'"
    case .noPoints(let file): "'\(file)' asks for no run: every point is skipped"
    case .emptyAxis(let file, let axis):
      "'\(axis)' of '\(file)' has no value; give one, or leave the line out"
    case .noList(let file, let line, let key):
      "line \(line) of '\(file)': '\(key)' is a value, or a list of values"
    case .noAssignment(let file, let found):
      "'\(found)' in '\(file)' says no point; expected 'AXIS=VALUE AXIS=VALUE', as in 'formats=int4 ends=int8'"
    case .unknownAxis(let file, let line, let found, let allowed):
      (line.map { "line \($0) of " } ?? "") + "'\(file)' has no axis '\(found)'"
        + NameSuggestion.sentence(for: found, among: allowed)
        + " (allowed: \(allowed.joined(separator: ", ")))"
    case .unknownPreset(let found, let allowed):
      "no preset '\(found)'\(NameSuggestion.sentence(for: found, among: allowed)) (allowed: "
        + "\(allowed.joined(separator: ", ")))"
    case .tooManyPoints(let file):
      "'\(file)' asks for more than \(StudyFile.greatestPointCount) runs; take values off its axes"
    }
  }
}
