/// The points of a study shared out among tasks, about as much work in each.
///
/// Points that share a trained network stay together. The same study comes to the same shards everywhere.
public struct StudyShards: Sendable {
  /// How many there are.
  public let count: Int
  /// The shard of each point, counted from 1.
  private let shards: [Int]

  /// Shares out the points: the largest pieces of work first, each to the shard that has least.
  ///
  /// A point that cannot be, whose work is unknown, counts as none; its run says what is wrong.
  public init(_ study: StudyFile, count: Int, _ work: StudyWork) {
    var pieces: [(positions: [Int], work: Double)] = []
    var places: [String: Int] = [:]
    for (position, point) in study.points.enumerated() {
      let own = (try? work.evaluation(point)) ?? 0
      guard let training = try? work.training(point) else {
        pieces.append(([position], own))
        continue
      }
      let name = Self.networkAxes.map { point[$0] }.joined(separator: "\n")
      if let place = places[name] {
        pieces[place].positions.append(position)
        pieces[place].work += own
      } else {
        places[name] = pieces.count
        pieces.append(([position], own + training))
      }
    }
    self.init(pieces, count: count)
  }

  /// What makes a trained network another.
  private static let networkAxes: [StudyAxis] = [
    .model, .architecture, .data, .training, .trainingImages, .teacher, .seed,
  ]

  /// Shares out pieces of known work.
  package init(_ pieces: [(positions: [Int], work: Double)], count: Int) {
    let count = max(1, min(count, pieces.count))
    self.count = count
    var shards = [Int](repeating: 0, count: pieces.reduce(0) { $0 + $1.positions.count })
    var loads = [Double](repeating: 0, count: count)
    // Equal ones in the order of the study.
    let order = pieces.indices.sorted { (-pieces[$0].work, $0) < (-pieces[$1].work, $1) }
    for index in order {
      let shard = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) } ?? 0
      // Pieces of no known work are spread as well.
      loads[shard] += max(pieces[index].work, 1)
      for position in pieces[index].positions { shards[position] = shard + 1 }
    }
    self.shards = shards
  }

  /// The points of a shard, counted from 1.
  public func positions(of shard: Int) -> [Int] { shards.indices.filter { shards[$0] == shard } }

  /// The shards that some points are in, in order.
  public func shards(of positions: some Sequence<Int>) -> [Int] { Set(positions.map { shards[$0] }).sorted() }
}
