/// The stored name that somebody probably meant.
enum NameDistance {
  /// The candidate that shares the longest beginning and end with `name`; nil when nothing is shared.
  static func nearest(to name: String, among candidates: [String]) -> String? {
    func score(_ candidate: String) -> Int {
      let start = zip(name, candidate).prefix { $0 == $1 }.count
      let end = zip(name.reversed(), candidate.reversed()).prefix { $0 == $1 }.count
      return start + end
    }
    let best = candidates.max { (score($0), $1) < (score($1), $0) }
    return best.flatMap { score($0) > 0 ? $0 : nil }
  }
}
