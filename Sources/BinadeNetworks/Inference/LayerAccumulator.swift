import BinadeKernels
import BinadeNumerics

/// What a layer sums its products in, where that is not left to the cheapest datapath.
///
/// The accumulator sees what hardware would: products of the values that the codes of the two formats stand for, before
/// any scale. Its range and its steps are therefore absolute: with formats scaled to their greatest value, products of
/// float8_e4m3fn reach 448², which overflows float16. Scales, bias and the residual addition follow in float32.
public struct LayerAccumulator: Sendable {
  private enum Kind: Sendable {
    case rounded(AccumulatorModel)
    case exact(into: AccumulatorFormat)
  }

  private let kind: Kind

  /// Sums as `model` says.
  public init(_ model: AccumulatorModel) {
    kind = .rounded(model)
  }

  /// Exact sums, each rounded once, to float32.
  public static func exact() throws(FormatError) -> LayerAccumulator {
    LayerAccumulator(kind: .exact(into: try AccumulatorModel.roundedOnce(depth: 1).sum))
  }

  private init(kind: Kind) {
    self.kind = kind
  }

  /// The accumulator in words.
  public var description: String {
    switch kind {
    case .rounded(let model): model.description
    case .exact: "exact"
    }
  }

  /// How a layer carries it out, and what to say about it.
  struct Choice: Sendable {
    let kernel: RoundedMicroKernel
    let datapath: Datapath
    let reason: String
    let warnings: [String]
  }

  /// Chooses the kernel for operands of two formats; nil where `cheapest`, the datapath without an accumulator, does
  /// the same.
  func choice(
    weights: FormatCodec,
    activations: FormatCodec,
    depth: Int,
    cheapest: Datapath,
    features: CPUFeatures
  ) -> Choice? {
    let (left, right) = (OperandBounds(activations), OperandBounds(weights))
    let model: AccumulatorModel
    let (datapath, reason): (Datapath, String)
    switch kind {
    case .rounded(let given):
      model = given
      (datapath, reason) = (.rounded, "the accumulator is a format: \(given.description)")
    case .exact(let sum):
      switch cheapest {
      case .integer4, .integer8, .integer16: return nil
      case .float32, .rounded, .exact, .logarithmic, .reference: break
      }
      model = AccumulatorModel(sum: sum, interval: depth)
      (datapath, reason) = (.exact, "asked for: sums of \(depth) products, rounded once, to float32")
    }
    let kernel = RoundedMicroKernel(model, left: left, right: right, features: features)
    return Choice(
      kernel: kernel,
      datapath: kernel.referenceReason == nil ? datapath : .reference,
      reason: kernel.referenceReason.map { "\(reason); \($0)" } ?? reason,
      warnings: model.warnings(left: left, right: right, depth: depth)
    )
  }
}
