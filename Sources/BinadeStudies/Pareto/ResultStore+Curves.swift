import GRDB

extension ResultStore {
  /// The points of all results: a curve is a configuration, its points are networks, of the runs of other seeds together.
  public func curvePoints() throws(StoreError) -> [CurvePoint] {
    let rows = try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT metric.*, outcome.data AS items, itemCount, bits FROM metric JOIN outcome ON outcome.run = metric.run
          ORDER BY metric.run
          """
      )
    }
    return CurvePoint.grouped(rows.map(Self.point))
  }

  private static func point(_ row: Row) -> CurvePoint {
    func text(_ column: String) -> String? { row[column] }
    func number(_ column: String) -> Double? { row[column] }
    let label = RunLabel(
      weights: text("weights") ?? "float32",
      activations: text("activations") ?? "float32",
      rest: [text("ends").map { "ends \($0)" }, text("assignment"), text("recipe"), text("accumulator")]
    )
    var costs: [CostModel: Double] = [:]
    costs[.aqtQuadratic] = number("aqtQuadratic")
    costs[.aqtLinear] = number("aqtLinear")
    costs[.bitOperations] = number("bitOperations")
    costs[.memoryBits] = (number("weightMemoryBits") ?? 0) + (number("scaleMemoryBits") ?? 0)
    let outcomes = OutcomeBits.outcomes(row["bits"], count: row["itemCount"])
    let data: String = row["items"]
    return CurvePoint(
      curve: label.text,
      model: text("model") ?? "",
      costs: costs,
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
