/// Points that no other point beats.
public enum ParetoFront {
  /// Returns, for each point, whether it is on the front.
  ///
  /// A point is when no other has at most its cost and at least its accuracy, one of them strictly better. Of
  /// equal points all are on the front.
  ///
  /// - Complexity: O(n log n).
  public static func membership(_ points: [(cost: Double, accuracy: Double)]) -> [Bool] {
    var isOnFront = [Bool](repeating: false, count: points.count)
    let order = points.indices.sorted {
      (points[$0].cost, -points[$0].accuracy) < (points[$1].cost, -points[$1].accuracy)
    }
    var best: (cost: Double, accuracy: Double)?
    for index in order {
      let point = points[index]
      if let best, best.accuracy >= point.accuracy, best != point { continue }
      best = point
      isOnFront[index] = true
    }
    return isOnFront
  }

  /// Whether for every point of `other` some point of `curve` dominates it.
  public static func dominates(
    _ curve: [(cost: Double, accuracy: Double)],
    _ other: [(cost: Double, accuracy: Double)]
  ) -> Bool {
    other.allSatisfy { point in
      curve.contains {
        $0.cost <= point.cost && $0.accuracy >= point.accuracy
          && ($0.cost < point.cost || $0.accuracy > point.accuracy)
      }
    }
  }
}
