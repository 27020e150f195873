import BinadeNetworks
import GRDB

/// A run as a report shows it.
struct ReportedRun: Sendable {
  /// A layer of it.
  struct Layer: Sendable {
    let name: String
    /// In dB; nil for what is not quantized.
    let weightSignalToNoise: Double?, activationSignalToNoise: Double?
  }

  /// An epoch of its training.
  struct Epoch: Sendable {
    let number: Int
    let loss: Double, trainingAccuracy: Double
    let accuracy: Double?
  }

  let key: String, label: String
  /// Why there is no result; nil where there is one.
  let failure: String?
  /// The configuration, as curves have it.
  let curve: String
  let model: String, data: String, weights: String
  let assignment: String?
  let weightBitWidth: Double?, activationBitWidth: Double?
  let accuracy: Double?, lower: Double?, upper: Double?
  let change: Double?, changeProbability: Double?
  /// In nats.
  let divergence: Double?
  let costs: [CostModel: Double]
  let warnings: String?
  let layers: [Layer]
  let epochs: [Epoch]
  let version: String, features: String, startedAt: String
  let seconds: Double
}

extension ResultStore {
  /// What a study's runs came to, in its order; nil for all runs of the store, by their names.
  ///
  /// Runs on training images are left to the generalization gap.
  func reportedRuns(ofStudy study: String?) throws(StoreError) -> [ReportedRun] {
    try read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT run.key, run.label, run.failure, metric.*, provenance.* FROM run LEFT JOIN metric ON metric.run = run.key
          LEFT JOIN provenance ON provenance.run = run.key
          """
            + (study == nil
              ? " ORDER BY run.label, run.key"
              : " JOIN point ON point.run = run.key WHERE point.study = ? ORDER BY point.position"),
        arguments: study.map { [$0] } ?? []
      )
      let layers = Dictionary(
        grouping: try Row.fetchAll(db, sql: "SELECT * FROM layerMetric ORDER BY position")
      ) {
        $0["run"] as String? ?? ""
      }
      let epochs = Dictionary(grouping: try Row.fetchAll(db, sql: "SELECT * FROM epoch ORDER BY epoch")) {
        $0["run"] as String? ?? ""
      }
      return rows.map { row in
        let key = row["key"] as String? ?? ""
        return ReportedRun(row, layers: layers[key] ?? [], epochs: epochs[key] ?? [])
      }
    }
  }
}

extension ReportedRun {
  fileprivate init(_ row: Row, layers: [Row], epochs: [Row]) {
    func text(_ column: String) -> String? { row[column] }
    func number(_ column: String) -> Double? { row[column] }
    key = text("key") ?? ""
    label = text("label") ?? ""
    failure = text("failure")
    curve = ResultStore.curve(row)
    (model, data, weights) = (text("model") ?? "", text("data") ?? "", text("weights") ?? "")
    assignment = text("assignment")
    (weightBitWidth, activationBitWidth) = (number("weightBitWidth"), number("activationBitWidth"))
    (accuracy, lower, upper) = (number("top1Accuracy"), number("top1Lower"), number("top1Upper"))
    (change, changeProbability) = (number("top1Change"), number("mcNemarPValue"))
    divergence = number("divergenceMean")
    costs = ResultStore.costs(row)
    warnings = text("warnings")
    self.layers = layers.map { layer in
      Layer(
        name: layer["layer"] ?? "",
        weightSignalToNoise: layer["weightSignalToNoise"],
        activationSignalToNoise: layer["activationSignalToNoise"]
      )
    }
    self.epochs = epochs.map { epoch in
      Epoch(
        number: epoch["epoch"] ?? 0,
        loss: epoch["loss"] ?? .nan,
        trainingAccuracy: epoch["trainingAccuracy"] ?? .nan,
        accuracy: epoch["accuracy"]
      )
    }
    (version, features) = (text("binadeVersion") ?? "", text("cpuFeatures") ?? "")
    (startedAt, seconds) = (text("startedAt") ?? "", number("seconds") ?? 0)
  }
}
