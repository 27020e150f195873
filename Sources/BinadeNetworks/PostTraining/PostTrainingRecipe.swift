import BinadeQuantization

/// Which methods post-training quantization combines.
///
/// In words, parts joined by `+`: `aciq+alloc+bias`. One part says how the ranges of inputs are found (`naive` if none does),
/// the others add to it.
public struct PostTrainingRecipe: Sendable, Hashable {
  /// How the range of a channel of a layer's input is found.
  public enum InputRange: String, Sendable, Hashable, CaseIterable {
    /// From the least to the greatest value.
    case naive
    /// ACIQ: the analytic threshold of a Laplace prior, from moments before the ReLU.
    case aciq
    /// The same with a normal prior.
    case gauss
    /// Of both priors and no clipping, the one with the least measured error.
    case mix
    /// The least measured error of a sweep of thresholds.
    case mse
    /// The Newton recursion of OCTAV.
    case octav
    /// Laplace and the moments after the ReLU: what goes wrong without those before it.
    case rectifiedMoments = "aciq-after-relu"
  }

  /// How weights are rounded to their steps.
  public enum WeightRounding: Sendable, Hashable {
    case nearest
    /// AdaRound: up or down, learned per layer.
    case adaptive
    /// Coordinate descent on the error of the layer's output, and the best of several ranges.
    case descent
  }

  /// How ranges of inputs are found.
  public var inputRange = InputRange.naive
  /// Whether an input has one range for all channels, or one for each; nil leaves it to the range: `naive` has one, unless
  /// bits are allocated, the others have one for each, as ACIQ has.
  public var inputGranularity: Granularity?
  /// Whether steps of weights lie evenly about zero; nil leaves it to the range: those of `naive` do, the others have the
  /// zero point of ACIQ's quantizer, and so have those that coordinate descent finds.
  public var hasSymmetricWeights: Bool?
  /// Whether scales of input channels go into the weights before these are rounded, as sums of codes need it; otherwise they stay
  /// with the inputs, as in ACIQ's own code, and the layer runs in float32 on what the codes stand for.
  ///
  /// Nil leaves it to the rounding of the weights: by the layer's output they go into them. Nearest rounding would lose by it,
  /// as it takes all weights to be as important.
  public var absorbsInputScales: Bool?
  /// Bits per channel under a budget, for weights and inputs.
  public var allocatesBits = false
  /// Whether formats without other widths go without that: their rows say so.
  public var allocationIsOptional = false
  /// What of the weights' moments is restored.
  public var biasCorrection: BiasCorrection.Rule?
  /// Whether weights are clipped to the range of least error.
  public var clipsWeights = false
  /// Whether ranges are balanced between layers first.
  public var equalizesLayers = false
  /// Whether biases are corrected by means that batch norm tells.
  public var correctsBiasWithoutData = false
  /// Whether input channels with outliers are split: at least one in twenty.
  public var splitsOutliers = false
  /// Whether weights have a scale for every 16 input channels, in two levels.
  public var usesVectorScales = false
  /// Whether blocks of so many input channels are rotated, in both operands, before they are rounded.
  public var rotation: HadamardRotation?
  /// How weights are rounded.
  public var weightRounding = WeightRounding.nearest

  /// Min/max ranges, nothing else.
  public init() {}

  /// Whether an input has one range for all its channels.
  var isPerTensor: Bool {
    inputGranularity.map { $0 == .tensor } ?? (inputRange == .naive && !allocatesBits)
  }

  /// Whether scales of input channels, where there are some, go into the weights.
  var putsInputScalesIntoWeights: Bool { absorbsInputScales ?? (weightRounding != .nearest) }

  /// Whether steps of weights lie evenly about zero.
  var isSymmetric: Bool { hasSymmetricWeights ?? (inputRange == .naive && weightRounding != .descent) }

  /// What `best` stands for.
  public static let best: PostTrainingRecipe = {
    var recipe = PostTrainingRecipe()
    recipe.inputRange = .mse
    recipe.allocatesBits = true
    recipe.allocationIsOptional = true
    recipe.weightRounding = .descent
    return recipe
  }()

  /// The parts that a recipe can be made of, with what they do; for help and messages.
  public static let parts: [(name: String, meaning: String)] = [
    ("naive", "ranges from the least to the greatest value; symmetric weights, inputs per tensor"),
    ("aciq", "inputs clipped where a Laplace prior says, from moments before the ReLU"),
    ("gauss", "the same with a normal prior"),
    ("mix", "of both and no clipping, the one with the least error"),
    ("mse", "inputs clipped where the measured error is least"),
    ("octav", "inputs clipped by OCTAV's recursion"),
    ("aciq-after-relu", "aciq with moments after the ReLU"),
    ("tensor", "one range for all channels of an input"),
    ("channel", "a range for each channel of an input"),
    (
      "absorbed",
      "scales of input channels in the weights before they are rounded, as with adaround and descent"
    ),
    ("unabsorbed", "they stay with the inputs, as in ACIQ's code: no integer hardware carries it"),
    ("symmetric", "steps of weights evenly about zero"),
    ("affine", "steps of weights from a zero point, from the least to the greatest"),
    ("alloc", "bits per channel: those of greater deviation get more, the mean stays"),
    ("bias", "the mean of every output channel's weights restored"),
    ("bias-variance", "mean and deviation restored"),
    ("clip", "weights clipped where their error is least"),
    ("equalize", "ranges balanced between layers first (CLE)"),
    ("dfq", "biases corrected by the means that batch norm tells, without images"),
    ("split", "input channels with outliers split, at least one in twenty (OCS); affine weights"),
    ("vectors", "weights with a scale for every 16 input channels, in two levels (VS-Quant)"),
    ("hadamard16", "blocks of 16 input channels rotated in both operands, for block formats (QuaRot)"),
    ("hadamard32", "blocks of 32"),
    ("adaround", "weights rounded up or down so that the layer's output changes least (AdaRound)"),
    ("descent", "the same by coordinate descent, over several ranges"),
    ("best", "mse+alloc+descent: what loses least here, without labels and training"),
  ]

  /// Reads parts joined by `+`, in any order.
  ///
  /// Throws ``PostTrainingError`` for parts that are not known and parts that do not go together.
  public init(parsing text: String) throws(PostTrainingError) {
    let parts = text.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    self.init()
    for part in parts {
      guard add(part) else { throw .unknownPart(part: part, recipe: text) }
    }
    if let (first, second) = Self.conflict(in: parts) { throw .conflict(first, second, recipe: text) }
  }

  /// Two parts of which one would be without effect.
  private static func conflict(in parts: [String]) -> (String, String)? {
    let ranges = InputRange.allCases.map(\.rawValue)
    let roundings = ["adaround", "descent", "best"]
    let exclusive: [([String], [String])] =
      [
        (ranges, ranges), (["best"], ranges), (roundings, roundings),
        (["tensor"], ["channel", "absorbed", "unabsorbed"]), (["absorbed"], ["unabsorbed"]),
      ]
      + [(["symmetric"], ["affine", "descent", "best"]), (["bias"], ["bias-variance"])]
      // Rounding by the output finds weights and biases of its own.
      + [
        (roundings, ["bias", "bias-variance", "dfq", "split", "vectors"]),
        (["descent", "best"], ["clip", "affine"]),
      ]
      // Means of rotated weights are none of channels.
      + [
        (["hadamard16"], ["hadamard32"]),
        (["hadamard16", "hadamard32"], ["bias", "bias-variance", "dfq", "vectors", "split"]),
      ]
      // Vectors have scales of their own, and halves of channels ranges of their own.
      + [(["vectors", "split"], ["alloc", "clip", "symmetric", "affine"]), (["vectors"], ["split"])]
    for (lefts, rights) in exclusive {
      for left in parts where lefts.contains(left) {
        if let right = parts.first(where: { rights.contains($0) && $0 != left }) { return (left, right) }
      }
    }
    return nil
  }

  private mutating func add(_ part: String) -> Bool {
    if let range = InputRange(rawValue: part) {
      inputRange = range
      return true
    }
    switch part {
    case "tensor": inputGranularity = .tensor
    case "channel": inputGranularity = .channel
    case "absorbed": absorbsInputScales = true
    case "unabsorbed": absorbsInputScales = false
    case "symmetric": hasSymmetricWeights = true
    case "affine": hasSymmetricWeights = false
    case "alloc":
      allocatesBits = true
      allocationIsOptional = false
    case "bias": biasCorrection = .mean
    case "bias-variance": biasCorrection = .meanAndVariance
    case "clip": clipsWeights = true
    case "equalize": equalizesLayers = true
    case "dfq": correctsBiasWithoutData = true
    case "split": splitsOutliers = true
    case "vectors": usesVectorScales = true
    case "hadamard16": rotation = HadamardRotation(length: 16)
    case "hadamard32": rotation = HadamardRotation(length: 32)
    case "adaround": weightRounding = .adaptive
    case "descent": weightRounding = .descent
    case "best":
      inputRange = Self.best.inputRange
      // Asked for by name as well, it is no option.
      allocationIsOptional = !allocatesBits
      allocatesBits = true
      weightRounding = Self.best.weightRounding
    default: return false
    }
    return true
  }
}

/// Why a network cannot be quantized by a recipe.
public enum PostTrainingError: Error, Sendable, Hashable, CustomStringConvertible {
  case unknownPart(part: String, recipe: String)
  case conflict(String, String, recipe: String)
  case notUniform(part: String, format: String)
  case rotation(part: String, format: String)
  case nothingToQuantize
  case unusableWidth(format: String, bits: Int, allowed: String)
  case tooFewImages(layer: String, images: Int, needed: Int)
  case noBatchNormalization(layer: String)
  case allocation(tensor: String, BitAllocation.Failure)
  case grouped(layer: String)
  case onlineRounding

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .unknownPart(let part, let recipe):
      "no part '\(part)' in recipe '\(recipe)' (allowed, joined by '+': "
        + PostTrainingRecipe.parts.map(\.name).joined(separator: ", ") + ")"
    case .conflict(let first, let second, let recipe):
      "recipe '\(recipe)': '\(first)' and '\(second)' do not go together; leave one out"
    case .nothingToQuantize:
      "a recipe has nothing to quantize where weights and activations are float32; give one of them a format of 2 to 8 bits"
    case .notUniform(let part, let format):
      "recipe part '\(part)' is defined for evenly spaced formats that use all 2^bits codes, as int4 does, and '\(format)' is "
        + "none; 'naive', 'mse', 'adaround', 'descent' and 'best' take every format"
    case .rotation(let part, let format):
      "recipe part '\(part)' rotates both operands of a layer and is for block formats with scales of blocks alone, as nvfp4 and "
        + "mxfp4_e2m1 have them, not for '\(format)'"
    case .unusableWidth(let format, let bits, let allowed):
      "'\(format)' has \(bits) bit\(bits == 1 ? "" : "s"); recipes take \(allowed)"
    case .tooFewImages(let layer, let images, let needed):
      "'\(layer)': \(images) calibration image\(images == 1 ? "" : "s") give fewer patches than a channel has weights; "
        + "give at least \(needed)"
    case .noBatchNormalization(let layer):
      "'\(layer)' has no batch norm before it that tells the means of its input; leave 'dfq' out, or use 'bias'"
    case .allocation(let tensor, let failure):
      "'\(tensor)': \(failure)"
    case .onlineRounding:
      "ranges of each batch do not go with 'adaround', 'descent' or 'best', which round weights once, for all images"
    case .grouped(let layer):
      "'\(layer)' has groups; 'adaround' and 'descent' are for convolutions without"
    }
  }
}
