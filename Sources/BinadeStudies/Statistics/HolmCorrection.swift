/// Probabilities of a table of tests, corrected for their number.
///
/// - Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6, 1979.
public enum HolmCorrection {
  /// The corrected probabilities, in the order of the tests: each test whose result is below a level can be called significant at
  /// that level, all of them together.
  public static func corrected(_ probabilities: [Double]) -> [Double] {
    let order = probabilities.indices.sorted { (probabilities[$0], $0) < (probabilities[$1], $1) }
    var result = probabilities
    var greatest = 0.0
    for (rank, test) in order.enumerated() {
      greatest = max(greatest, min(1, Double(probabilities.count - rank) * probabilities[test]))
      result[test] = greatest
    }
    return result
  }
}
