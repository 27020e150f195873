/// The name somebody probably meant.
public enum NameSuggestion {
  /// Returns the candidate with the least edit distance to `name`, if it is close enough to be a slip.
  public static func nearest(to name: String, among candidates: [String]) -> String? {
    let wanted = Array(name.lowercased().utf8)
    let ranked = candidates.map { ($0, distance(wanted, Array($0.lowercased().utf8))) }
    guard let best = ranked.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }),
      best.1 <= max(2, wanted.count / 3)
    else { return nil }
    return best.0
  }

  /// "; did you mean 'x'?", or nothing when no candidate is near.
  public static func sentence(for name: String, among candidates: [String]) -> String {
    nearest(to: name, among: candidates).map { "; did you mean '\($0)'?" } ?? ""
  }

  /// The Levenshtein distance.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var previous = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var current = [i + 1]
      for (j, y) in b.enumerated() {
        let substitution = previous[j] + (x == y ? 0 : 1)
        current.append(min(substitution, previous[j + 1] + 1, current[j] + 1))
      }
      previous = current
    }
    return previous[b.count]
  }
}
