/// How a network is trained: everything that, with the data, determines the result to the bit.
public struct TrainingRecipe: Sendable, Hashable {
  /// Times that every image is seen.
  public var epochs = 10
  /// Images of a step.
  public var batch = 128
  /// The greatest of the run.
  public var learningRate = 0.1
  /// How it goes with the steps.
  public var schedule = Schedule.oneCycle()
  /// How gradients change parameters.
  public var optimizer = Optimizer.sgd()
  /// λ: decay towards 0, in units of the learning rate.
  public var weightDecay = 5e-4
  /// What decays.
  public var weightDecayScope = WeightDecayScope.rankAboveOne
  /// The share of each target that all classes have in common.
  public var labelSmoothing = 0.0
  /// The greatest norm of a gradient; nil for any.
  public var clipping: Double?
  /// What is done to images.
  public var augmentation = Augmentation.standard
  /// How slowly the average of the weights follows, 0 to 1: its share that stays at each step; nil for no average.
  public var averageDecay: Double?
  /// How much a teacher counts, where there is one.
  public var distillation = Distillation(weight: 0.9)
  /// What of batch norm's statistics is renewed at each step (PyTorch's momentum).
  public var statisticsMomentum = 0.1
  /// Whether images that fill no whole batch are left out of the epoch.
  public var dropsLast = true
  /// Of order, augmentation and initial weights.
  public var seed: UInt64 = 0

  /// The defaults: one-cycle to 0.1 in 10 epochs.
  public init() {}

  /// All of it, one `name: value` per line, in a fixed order: for checkpoints and their comparison.
  public var text: String {
    [
      "epochs: \(epochs)", "batch: \(batch)", "learningRate: \(learningRate)", "schedule: \(schedule)",
      "optimizer: \(optimizer)", "weightDecay: \(weightDecay)", "weightDecayScope: \(weightDecayScope)",
      "labelSmoothing: \(labelSmoothing)", "clipping: \(clipping.map { "\($0)" } ?? "none")",
      "padding: \(augmentation.padding)", "flips: \(augmentation.flips)", "cutout: \(augmentation.cutout)",
      "averageDecay: \(averageDecay.map { "\($0)" } ?? "none")",
      "distillation: \(distillation.weight) at \(distillation.temperature)",
      "statisticsMomentum: \(statisticsMomentum)", "dropsLast: \(dropsLast)", "seed: \(seed)",
    ].joined(separator: "\n")
  }

  /// Throws for numbers that make no sense.
  func check() throws(TrainingError) {
    func require(_ holds: Bool, _ parameter: String, _ found: Any, _ allowed: String) throws(TrainingError) {
      if !holds { throw .invalidRecipe(parameter: parameter, found: "\(found)", allowed: allowed) }
    }
    try require((1...100_000).contains(epochs), "epochs", epochs, "1 to 100,000")
    try require((1...65536).contains(batch), "batch", batch, "1 to 65,536")
    try require(learningRate > 0 && learningRate < 1e6, "learning rate", learningRate, "above 0")
    try require((0...1).contains(weightDecay), "weight decay", weightDecay, "0 to 1")
    try require((0..<1).contains(labelSmoothing), "label smoothing", labelSmoothing, "0 to below 1")
    try require((0..<1).contains(optimizer.momentum), "momentum", optimizer.momentum, "0 to below 1")
    try require((0...64).contains(augmentation.padding), "crop", augmentation.padding, "0 to 64 pixels")
    try require((0...1024).contains(augmentation.cutout), "cutout", augmentation.cutout, "0 to 1,024 pixels")
    if let clipping { try require(clipping > 0, "clip gradients", clipping, "above 0") }
    if let averageDecay {
      try require((0..<1).contains(averageDecay), "average", averageDecay, "0 to below 1")
    }
    try require((0...1).contains(distillation.weight), "distillation", distillation.weight, "0 to 1")
    try require(distillation.temperature > 0, "temperature", distillation.temperature, "above 0")
  }
}
