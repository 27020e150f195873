import BinadeNetworks
import BinadeNumerics

extension FormatAssignment {
  /// The rule of each layer; nil where none names it.
  ///
  /// Rules about single channels are ``channelRules(of:)``.
  ///
  /// Throws ``FormatAssignmentError`` for a rule that names no layer, and a layer that two of a kind name.
  public func rules(of layers: [String]) throws(FormatAssignmentError) -> [Rule?] {
    for rule in rules where !layers.contains(where: { Self.matches(rule.pattern, $0) }) {
      throw .noLayer(
        pattern: rule.pattern,
        place: rule.place,
        nearest: NameSuggestion.nearest(to: rule.pattern, among: layers),
        layers: layers
      )
    }
    var found: [Rule?] = []
    for layer in layers {
      let matching = rules.filter { $0.channels == nil && Self.matches($0.pattern, layer) }
      let names = matching.filter { !$0.isPattern }
      let candidates = names.isEmpty ? matching : names
      if candidates.count > 1 {
        throw .twice(layer: layer, first: candidates[0].pattern, second: candidates[1].pattern)
      }
      found.append(candidates.first)
    }
    return found
  }

  /// The rules about channels of each layer.
  ///
  /// Throws ``FormatAssignmentError`` for a channel that two rules name.
  func channelRules(of layers: [String]) throws(FormatAssignmentError) -> [[Rule]] {
    var found: [[Rule]] = []
    for layer in layers {
      let matching = rules.filter { $0.channels != nil && Self.matches($0.pattern, layer) }
      for (index, rule) in matching.enumerated() {
        for other in matching[..<index] {
          guard let one = rule.channels, let two = other.channels, one.overlaps(two) else { continue }
          throw .twice(layer: layer, first: other.target, second: rule.target)
        }
      }
      found.append(matching)
    }
    return found
  }

  /// Whether a name is one of a pattern, in which `*` stands for any characters.
  static func matches(_ pattern: String, _ name: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard let first = parts.first, let last = parts.last, parts.count > 1 else { return pattern == name }
    guard name.count >= first.count + last.count, name.hasPrefix(first), name.hasSuffix(last) else {
      return false
    }
    var rest = name.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return true
  }
}
