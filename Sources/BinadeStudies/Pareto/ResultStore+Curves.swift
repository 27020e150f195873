import BinadeEvaluation
import BinadeNetworks
import GRDB

extension CurvePoint {
  /// The points of all results of some stores.
  ///
  /// A curve is a configuration, its points are networks, of the runs of other seeds together. A run that several stores have
  /// counts once; the order is that of the results, not of the stores.
  public static func all(in stores: [ResultStore]) throws(StoreError) -> [CurvePoint] {
    var points: [String: CurvePoint] = [:]
    for store in stores {
      for (run, point) in try store.runPoints() { points[run] = point }
    }
    return grouped(points.sorted { $0.key < $1.key }.map(\.value))
  }
}

extension ResultStore {
  /// A point for each run, by its key.
  fileprivate func runPoints() throws(StoreError) -> [(run: String, point: CurvePoint)] {
    let rows = try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT metric.*, outcome.data AS items, itemCount, bits FROM metric JOIN outcome ON outcome.run = metric.run
          """
      )
    }
    return rows.map { ($0["run"], Self.point($0)) }
  }

  /// What the curve is called that a run belongs to: its configuration.
  static func curve(_ row: Row) -> String {
    func text(_ column: String) -> String? { row[column] }
    return RunLabel(
      weights: text("weights") ?? "float32",
      activations: text("activations") ?? "float32",
      rest: [
        text("ends").map { "ends \($0)" },
        // What a search chose is what came out, not what was asked for.
        text("weights") == Configuration.searched ? nil : text("assignment"), text("recipe"),
        text("accumulator"), text("training"),
      ]
    ).text
  }

  /// What a run costs, in the models that count it.
  static func costs(_ row: Row) -> [CostModel: Double] {
    func number(_ column: String) -> Double? { row[column] }
    var costs: [CostModel: Double] = [:]
    costs[.aqtQuadratic] = number("aqtQuadratic")
    costs[.aqtLinear] = number("aqtLinear")
    costs[.bitOperations] = number("bitOperations")
    costs[.memoryBits] = number("weightMemoryBits").map { $0 + (number("scaleMemoryBits") ?? 0) }
    return costs
  }

  private static func point(_ row: Row) -> CurvePoint {
    func text(_ column: String) -> String? { row[column] }
    let outcomes = OutcomeBits.outcomes(row["bits"], count: row["itemCount"])
    let data: String = row["items"]
    return CurvePoint(
      curve: curve(row),
      model: text("model") ?? "",
      images: text("data") ?? "",
      costs: costs(row),
      runs: [
        ItemScores(
          name: text("run") ?? "",
          items: outcomes.isRight.indices.map { "\(data) \($0)" },
          scores: outcomes.isRight.map { $0 ? 1 : 0 }
        )
      ]
    )
  }
}
