import BinadeNumerics

/// Random words that a quantizer rounds with: of the two neighbours of a value one is drawn, the nearer more often, so that the
/// mean is the value itself.
///
/// The word of an element depends on the seed, the tensor and the element's place alone: of weights the place in PyTorch's order,
/// of inputs the number of the image times its elements and the place among these, channels innermost. Neither threads nor
/// batches nor the order of images change a bit.
public struct RandomWords: Sendable, Hashable {
  /// How many bits count, and what becomes of the place in the gap.
  public var rounding: StochasticRounding
  /// The key of the words.
  public var seed: UInt64

  /// Creates words.
  public init(rounding: StochasticRounding = StochasticRounding(), seed: UInt64 = 0) {
    self.rounding = rounding
    self.seed = seed
  }
}

/// The random words of one tensor, with the codec that rounds by them.
struct RandomRounding: Sendable {
  let codec: StochasticCodec
  var words: CounterGenerator
  private let seed: UInt64
  private let tensor: UInt32

  /// The rounding of `format`, saturating, for the tensor of this number.
  ///
  /// Throws `FormatError` when the format cannot be compiled.
  init(_ format: any NumericFormat, _ words: RandomWords, tensor: UInt32) throws(FormatError) {
    codec = try StochasticCodec(format, rounding: words.rounding)
    (seed, self.tensor) = (words.seed, tensor)
    self.words = CounterGenerator(seed: words.seed, tensor: tensor)
  }

  /// The same with the words of a step.
  func drawing(step: UInt32) -> RandomRounding {
    var result = self
    result.words = CounterGenerator(seed: seed, tensor: tensor, step: step)
    return result
  }
}
