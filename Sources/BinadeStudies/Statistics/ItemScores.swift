/// What one run got for each item of a test set.
public struct ItemScores: Sendable, Hashable {
  /// What the run is called.
  public let name: String
  /// What the items are called, each once; runs are compared item by item.
  public let items: [String]
  /// A score for each: 1 right, 0 wrong, or anything between.
  public let scores: [Double]

  /// Scores of a run.
  ///
  /// - Precondition: as many items as scores.
  public init(name: String, items: [String], scores: [Double]) {
    precondition(items.count == scores.count, "\(items.count) items and \(scores.count) scores")
    (self.name, self.items, self.scores) = (name, items, scores)
  }

  /// Outcomes of numbered images.
  public init(name: String, isRight: [Bool]) {
    self.init(name: name, items: isRight.indices.map { "\($0)" }, scores: isRight.map { $0 ? 1 : 0 })
  }

  /// Whether every item is right or wrong.
  public var isBinary: Bool { scores.allSatisfy { $0 == 0 || $0 == 1 } }

  /// The mean score.
  public var mean: Double { scores.isEmpty ? .nan : scores.reduce(0, +) / Double(scores.count) }

  /// The scores of `wanted`, in their order; nil where one of them has none.
  func scores(of wanted: [String]) -> [Double]? {
    if wanted == items { return scores }
    let places = Dictionary(zip(items, items.indices)) { first, _ in first }
    var found: [Double] = []
    found.reserveCapacity(wanted.count)
    for item in wanted {
      guard let place = places[item] else { return nil }
      found.append(scores[place])
    }
    return found
  }
}
