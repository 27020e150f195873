import BinadeKernels
import BinadeQuantization

/// How a network is trained: everything that, with the data, determines the result to the bit.
public struct TrainingRecipe: Sendable, Hashable {
  /// Times that every image is seen.
  public var epochs = 10
  /// Images of a step.
  public var batch = 128
  /// The greatest of the run.
  public var learningRate = 0.1
  /// How it goes with the steps.
  public var schedule = Schedule()
  /// How gradients change parameters.
  public var optimizer = Optimizer()
  /// λ: decay towards 0, in units of the learning rate.
  public var weightDecay = 5e-4
  /// What decays.
  public var weightDecayScope = WeightDecayScope.rankAboveOne
  /// The share of each target that all classes have in common.
  public var labelSmoothing = 0.0
  /// The greatest norm of a gradient; nil for any.
  public var clipping: Double?
  /// What products take: float32, or operands rounded to bfloat16.
  public var precision = ProductPrecision.float32
  /// How operands become bfloat16, where the precision says so.
  public var rounding = OperandRounding.nearestEven
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
  /// What weights, inputs, and both of the first and the last layer become: quantizers as in `binade evaluate`; nil for float32.
  public var weights: String?, activations: String?, ends: String?
  /// Formats of single layers, before those above: `LAYER=FORMAT` or `LAYER=WEIGHTS/INPUTS`, joined by a comma and a space; nil for none.
  public var layers: String?
  /// What the gradients of layers' sums become; nil for float32.
  public var gradients: String?
  /// How scales come about, and what gradients pass the rounding.
  public var quantization = TrainingMethod.lsq
  /// Formats that are searched instead of given.
  public var search = FormatSearchSettings()
  /// AQT: the share of the steps in which inputs stay as they are while their extremes are tracked.
  public var trackedShare = 0.1
  /// Of order, augmentation and initial weights.
  public var seed: UInt64 = 0

  /// The defaults: one-cycle to 0.1 in 10 epochs.
  public init() {}
}
