/// One run that a study asks for: a value on every axis.
public struct StudyPoint: Sendable, Hashable {
  private var values: [StudyAxis: String]

  /// A point; axes that are not named have their standard value.
  public init(_ values: [StudyAxis: String] = [:]) {
    self.values = values.filter { $1 != $0.standard }
  }

  /// The value on an axis.
  public subscript(axis: StudyAxis) -> String {
    get { values[axis] ?? axis.standard }
    set { values[axis] = newValue == axis.standard ? nil : newValue }
  }

  /// The value, nil for the standard one.
  func value(_ axis: StudyAxis) -> String? { values[axis] }

  /// What differs from the standard, axis by axis.
  public var label: String {
    let parts = StudyAxis.allCases.compactMap { axis -> String? in
      guard let value = values[axis] else { return nil }
      return axis == .format ? value : "\(axis.key) \(value)"
    }
    return parts.isEmpty ? "float32" : parts.joined(separator: ", ")
  }

  /// Whether the point has all values of `other` that are named there.
  func matches(_ named: [StudyAxis: String]) -> Bool { named.allSatisfy { self[$0] == $1 } }
}
