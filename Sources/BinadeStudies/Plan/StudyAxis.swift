/// What the runs of a study differ in.
public enum StudyAxis: String, Sendable, Hashable, CaseIterable {
  case model, architecture, data, training, trainingImages, teacher, format, ends, assignment, granularity,
    calibration, zeroPoint, rounding, recipe,
    accumulator
  case images, limit, calibrationImages, seed

  /// The key in a study file: a value, or a list of them.
  public var key: String {
    switch self {
    case .model: "models"
    case .architecture: "architectures"
    case .data: "data"
    case .training: "train"
    case .trainingImages: "trainImages"
    case .teacher: "teachers"
    case .format: "formats"
    case .ends: "ends"
    case .assignment: "assignments"
    case .granularity: "granularity"
    case .calibration: "calibration"
    case .zeroPoint: "zeroPoint"
    case .rounding: "rounding"
    case .recipe: "ptq"
    case .accumulator: "accumulators"
    case .images: "images"
    case .limit: "limit"
    case .calibrationImages: "calibrationImages"
    case .seed: "seeds"
    }
  }

  /// The value where a file says nothing.
  public var standard: String {
    switch self {
    case .model, .data: "embedded"
    case .format: "float32"
    case .architecture, .training, .teacher, .ends, .assignment, .recipe: "none"
    case .granularity, .calibration: "default"
    case .zeroPoint: "nonnegative"
    case .rounding: "nearestEven"
    case .accumulator: "cheapest"
    case .images: "test"
    case .limit, .trainingImages: "all"
    case .calibrationImages: "default"
    case .seed: "0"
    }
  }

  /// What the values are, for help.
  public var meaning: String {
    switch self {
    case .model: "safetensors files, or 'embedded'"
    case .architecture: "networks to train from scratch, as resnet20-cifar or resnet20-cifar:x0.5"
    case .data: "folders of images, or 'embedded'"
    case .training:
      "settings and recipe files of training, joined by commas, as 'epochs=10,precision=bfloat16'"
    case .teacher: "safetensors files whose outputs are imitated in training, or 'none'"
    case .trainingImages: "the first so many training images, or 'all'"
    case .format: "FORMAT or WEIGHTS/ACTIVATIONS, each FORMAT[:GRANULARITY[:CALIBRATION[:ROUNDING]]]"
    case .ends: "the formats of the first and the last layer, or 'none'"
    case .assignment: "YAML files of formats by layer, or 'none'"
    case .granularity: "tensor or channel, of formats that do not say"
    case .calibration: "max, mse, percentile, octav, kl, of formats that do not say"
    case .zeroPoint: "none, nonnegative, full"
    case .rounding: "a rounding rule, or stochastic"
    case .recipe: "recipes of post-training quantization, or 'none'"
    case .accumulator: "accumulators, or 'cheapest'"
    case .images: "what is evaluated: test, or training, as it is, for the generalization gap"
    case .limit: "the first so many images, or 'all'"
    case .calibrationImages: "training images to find scales on"
    case .seed: "of training, of stochastic rounding and of bootstrap intervals"
    }
  }
}
