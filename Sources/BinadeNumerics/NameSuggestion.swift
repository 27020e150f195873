/// The name somebody probably meant.
public enum NameSuggestion {
  /// Longer names are no slips of shorter ones.
  private static let greatestLength = 128
  /// More candidates than that are not looked at.
  private static let greatestCandidateCount = 10_000

  /// Returns the candidate with the least edit distance to `name`, if it is close enough to be a slip.
  ///
  /// Of equally near ones it is the one that shares the longest beginning. Names of more than 128 bytes have none.
  ///
  /// - Complexity: O(n·l²) for n candidates (the first 10,000 count) and names of l bytes.
  public static func nearest(to name: String, among candidates: [String]) -> String? {
    guard name.utf8.count <= greatestLength else { return nil }
    let wanted = Array(name.lowercased().utf8)
    let limit = max(2, wanted.count / 3)
    let ranked = candidates.lazy.prefix(greatestCandidateCount)
      .filter { $0.utf8.count <= greatestLength }
      .compactMap { candidate -> (distance: Int, shared: Int, name: String)? in
        let letters = Array(candidate.lowercased().utf8)
        guard abs(letters.count - wanted.count) <= limit else { return nil }
        let shared = zip(wanted, letters).prefix { $0 == $1 }.count
        return (distance: distance(wanted, letters), shared: -shared, name: candidate)
      }
    guard let best = ranked.min(by: { $0 < $1 }), best.distance <= limit else { return nil }
    return best.name
  }

  /// "; did you mean 'x'?", or nothing when no candidate is near.
  public static func sentence(for name: String, among candidates: [String]) -> String {
    nearest(to: name, among: candidates).map { "; did you mean '\(PrintableText.excerpt($0))'?" } ?? ""
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
