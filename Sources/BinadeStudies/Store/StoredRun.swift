import BinadeEvaluation
import BinadeNetworks
import BinadeTraining

/// A run as a store keeps it.
public struct StoredRun: Sendable {
  /// A value of a column.
  public enum Value: Sendable, Hashable {
    case text(String)
    case integer(Int)
    case real(Double)
    case none
  }

  /// What a layer did.
  public struct Layer: Sendable {
    /// As in the weight file.
    public let name: String
    /// Which arithmetic carried it out, and the micro-kernel.
    public let datapath: String, kernel: String
    /// Multiply-accumulate operations per image.
    public let multiplyAccumulateCount: Int
    /// 10 log10(Σx² / Σ(x - y)²) in dB; nil where nothing moved, or is float32.
    public let weightSignalToNoise: Double?, activationSignalToNoise: Double?
    /// Σ(x - y)² / n; nil where nothing is quantized.
    public let weightMeanSquaredError: Double?, activationMeanSquaredError: Double?
  }

  /// Where and how the run was made: in no export, so that results are the same wherever they come from.
  public struct Provenance: Sendable {
    /// The version of Binade.
    public var binadeVersion: String
    /// Instruction sets that kernels were chosen by.
    public var cpuFeatures: String
    /// Threads; results do not depend on them.
    public var threads: Int
    /// UTC, as ISO 8601 has it.
    public var startedAt: String
    /// How long it took.
    public var seconds: Double
    /// The machine's name.
    public var host: String

    /// Where and how a run was made.
    public init(
      binadeVersion: String,
      cpuFeatures: String,
      threads: Int,
      startedAt: String,
      seconds: Double,
      host: String
    ) {
      (self.binadeVersion, self.cpuFeatures, self.threads) = (binadeVersion, cpuFeatures, threads)
      (self.startedAt, self.seconds, self.host) = (startedAt, seconds, host)
    }
  }

  /// What the run is known by.
  public let key: RunKey
  /// What the run is called in tables.
  public let label: String
  /// Why there is no result; nil where there is one.
  public let failure: String?
  /// What was run and what came out, by the names of ``columns``.
  public let values: [String: Value]
  /// One for each layer.
  public let layers: [Layer]
  /// Which images were right, by the name of the data.
  public let outcomes: [(data: String, outcomes: Top1Outcomes)]
  /// What each epoch of its training found; none where nothing was trained.
  public let epochs: [TrainingHistory.Epoch]
  /// The whole result as JSON, for those who show it again; nil where it is not kept.
  public private(set) var document: String?
  /// Where it was made.
  public let provenance: Provenance

  /// A run that failed.
  public init(key: RunKey, label: String, failure: String, provenance: Provenance) {
    (self.key, self.label, self.failure, self.provenance) = (key, label, failure, provenance)
    (values, layers, outcomes, epochs) = ([:], [], [], [])
  }

  /// A run with its result.
  ///
  /// `training`: how the network was trained and what came of it, where that is part of the run.
  public init(
    key: RunKey,
    label: String,
    _ result: EvaluationResult,
    training: (StudyTraining, TrainingHistory)? = nil,
    provenance: Provenance
  ) {
    (self.key, self.label, self.provenance) = (key, label, provenance)
    failure = nil
    epochs = training?.1.epochs ?? []
    var values = Self.values(result)
    if let (training, history) = training {
      values["training"] = .text(training.text)
      values["trainingSeed"] = .integer(Int(truncatingIfNeeded: training.recipe.seed))
      values["trainingLoss"] = history.epochs.last.map { .real($0.loss) } ?? Value.none
      values["trainingAccuracy"] = history.epochs.last.map { .real($0.trainingAccuracy) } ?? Value.none
    }
    self.values = values
    layers = result.layers.map { layer in
      Layer(
        name: layer.name,
        datapath: layer.datapath.rawValue,
        kernel: layer.kernel,
        multiplyAccumulateCount: layer.multiplyAccumulateCount,
        weightSignalToNoise: layer.weights?.signalToQuantizationNoiseInDecibels,
        activationSignalToNoise: layer.activations?.signalToQuantizationNoiseInDecibels,
        weightMeanSquaredError: layer.weights?.meanSquaredError,
        activationMeanSquaredError: layer.activations?.meanSquaredError
      )
    }
    outcomes = [(result.data, result.top1Outcomes)]
  }

  /// The same run with its whole result, which ``ResultStore/result(of:)`` gives again.
  func keeping(_ result: EvaluationResult) throws -> StoredRun {
    var run = self
    run.document = try ResultDocument.text(result)
    return run
  }

  /// The columns of a result and their types in SQL.
  static let evaluationColumns: [(name: String, type: String)] = [
    ("model", "TEXT"), ("data", "TEXT"), ("weights", "TEXT"), ("activations", "TEXT"), ("ends", "TEXT"),
    ("assignment", "TEXT"), ("recipe", "TEXT"), ("accumulator", "TEXT"), ("family", "TEXT"),
    ("weightBitWidth", "INTEGER"), ("activationBitWidth", "INTEGER"), ("imageCount", "INTEGER"),
    ("top1Accuracy", "REAL"), ("top1Lower", "REAL"), ("top1Upper", "REAL"), ("top5Accuracy", "REAL"),
    ("top1Change", "REAL"), ("top1ChangeLower", "REAL"), ("top1ChangeUpper", "REAL"),
    ("mcNemarPValue", "REAL"), ("weightSignalToNoise", "REAL"), ("activationSignalToNoise", "REAL"),
    ("divergenceMean", "REAL"), ("agreement", "REAL"), ("aqtQuadratic", "INTEGER"), ("aqtLinear", "INTEGER"),
    ("bitOperations", "INTEGER"), ("weightMemoryBits", "INTEGER"), ("scaleMemoryBits", "INTEGER"),
    ("notes", "TEXT"), ("warnings", "TEXT"),
  ]

  /// What version 2 of the tables added.
  static let trainingColumns: [(name: String, type: String)] = [
    ("training", "TEXT"), ("trainingSeed", "INTEGER"), ("trainingLoss", "REAL"), ("trainingAccuracy", "REAL"),
  ]

  /// All columns, in the order of exports.
  static var columns: [(name: String, type: String)] { evaluationColumns + trainingColumns }

  private static func values(_ result: EvaluationResult) -> [String: Value] {
    func text(_ value: String?) -> Value { value.map { .text($0) } ?? .none }
    func real(_ value: Double?) -> Value { value.map { $0.isNaN ? .text("nan") : .real($0) } ?? .none }
    func integer(_ value: Int?) -> Value { value.map { .integer($0) } ?? .none }
    return [
      "model": .text(result.model), "data": .text(result.data), "weights": .text(result.weights),
      "activations": .text(result.activations), "ends": text(result.ends),
      "assignment": text(result.assignment), "recipe": text(result.recipe),
      "accumulator": text(result.provenance.accumulator), "family": .text(result.family),
      "weightBitWidth": .integer(result.weightBitWidth),
      "activationBitWidth": .integer(result.activationBitWidth), "imageCount": .integer(result.imageCount),
      "top1Accuracy": .real(result.top1Accuracy), "top1Lower": .real(result.top1Interval.lower),
      "top1Upper": .real(result.top1Interval.upper), "top5Accuracy": .real(result.top5Accuracy),
      "top1Change": .real(result.top1Change), "top1ChangeLower": .real(result.top1ChangeInterval.lower),
      "top1ChangeUpper": .real(result.top1ChangeInterval.upper),
      "mcNemarPValue": .real(result.mcNemar.pValue),
      "weightSignalToNoise": real(result.weightSignalToQuantizationNoiseInDecibels),
      "activationSignalToNoise": real(result.activationSignalToQuantizationNoiseInDecibels),
      "divergenceMean": real(result.outputs.meanDivergence), "agreement": real(result.outputs.agreement),
      "aqtQuadratic": integer(result.cost.aqtQuadratic), "aqtLinear": integer(result.cost.aqtLinear),
      "bitOperations": integer(result.cost.bitOperations),
      "weightMemoryBits": .integer(result.cost.weightMemoryBits),
      "scaleMemoryBits": .integer(result.cost.scaleMemoryBits),
      "notes": text(result.notes.isEmpty ? nil : result.notes.joined(separator: "\n")),
      "warnings": text(result.warnings.isEmpty ? nil : result.warnings.joined(separator: "\n")),
    ]
  }
}
