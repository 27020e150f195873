/// The name somebody probably meant.
public enum NameSuggestion {
  /// Returns the candidate with the least edit distance to `name`, if it is close enough to be a slip.
  ///
  /// Of equally near ones it is the one that shares the longest beginning.
  public static func nearest(to name: String, among candidates: [String]) -> String? {
    let wanted = Array(name.lowercased().utf8)
    let ranked = candidates.map { candidate in
      let letters = Array(candidate.lowercased().utf8)
      let shared = zip(wanted, letters).prefix { $0 == $1 }.count
      return (distance: distance(wanted, letters), shared: -shared, name: candidate)
    }
    guard let best = ranked.min(by: { $0 < $1 }), best.distance <= max(2, wanted.count / 3) else {
      return nil
    }
    return best.name
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
