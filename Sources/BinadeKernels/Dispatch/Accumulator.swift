import BinadeNumerics

/// What a convolution sums its products in, where that is not left to the cheapest datapath.
///
/// The accumulator sees what hardware would: products of the values that the codes of the two formats stand for, before
/// any scale. Its range and its steps are therefore absolute: with formats scaled to their greatest value, products of
/// float8_e4m3fn reach 448², which overflows float16. Scales, bias and the residual addition follow in float32.
public struct Accumulator: Sendable {
  private enum Kind: Sendable {
    case rounded(AccumulatorModel)
    case matrixUnit(MatrixUnit)
    case exact(into: AccumulatorFormat)
    case logarithmic
  }

  private let kind: Kind

  /// Sums as `model` says.
  public init(_ model: AccumulatorModel) {
    kind = .rounded(model)
  }

  /// Sums as a matrix unit does, for the formats that it multiplies.
  public init(_ unit: MatrixUnit) {
    kind = .matrixUnit(unit)
  }

  /// The formats that sums and products are rounded to, none for units that are described by their name.
  public var formats: [any NumericFormat] {
    switch kind {
    case .rounded(let model):
      var parts = [model.product, model.sum]
      if case .chunked(_, let outer) = model.order { parts.append(outer) }
      return parts.compactMap { $0?.format }
    case .exact(let format): return [format].compactMap(\.format)
    case .matrixUnit, .logarithmic: return []
    }
  }

  /// Exact sums, each rounded once, to float32.
  public static func exact() throws(FormatError) -> Accumulator {
    Accumulator(kind: .exact(into: try AccumulatorModel.roundedOnce(depth: 1).sum))
  }

  /// Products of signed powers of one base as sums of exponents, each rounded once to float32; float32 sums.
  ///
  /// For logarithmic formats and powers of two. Layers without an accumulator decode such values to float32, see
  /// ``Datapath/cheapest(weights:activations:depth:)``.
  public static let logarithmic = Accumulator(kind: .logarithmic)

  private init(kind: Kind) {
    self.kind = kind
  }

  /// The accumulator in words.
  public var description: String {
    switch kind {
    case .rounded(let model): model.description
    case .matrixUnit(let unit): "matrix unit \(unit.name)"
    case .exact: "exact"
    case .logarithmic: "logarithmic"
    }
  }

  /// How a layer carries it out, and what to say about it.
  package struct Choice: Sendable {
    /// The kernels of an accumulator.
    package enum Method: Sendable {
      /// Rounding as the sums grow.
      case rounded(RoundedMicroKernel)
      /// Limbs: integers, rounded once.
      case exact(ExactConvolution)
      /// Adding exponents.
      case logarithmic(LogarithmicConvolution)
    }

    package let method: Method
    package let datapath: Datapath
    package let reason: String
    package let warnings: [String]
  }

  /// Chooses the kernel for operands of two formats; nil where `cheapest`, the datapath without an accumulator, does
  /// the same.
  ///
  /// `weightCodes`: the codes of the layer's weights, in PyTorch's order; only asked for where it matters.
  ///
  /// Throws `FormatError` when formats have other values than the accumulator takes.
  package func choice(
    weights: FormatCodec,
    activations: FormatCodec,
    weightCodes: () -> [UInt32],
    shape: ConvolutionShape,
    cheapest: Datapath,
    features: CPUFeatures
  ) throws(FormatError) -> Choice? {
    switch kind {
    case .rounded(let model):
      return Self.rounded(
        model,
        weights,
        activations,
        depth: shape.depth,
        .rounded,
        "the accumulator is a format: \(model.description)",
        features
      )
    case .matrixUnit(let unit):
      let model = try unit.model(left: activations.format, right: weights.format)
      return Self.rounded(
        model,
        weights,
        activations,
        depth: shape.depth,
        .rounded,
        "matrix unit \(unit.name): \(model.description)",
        features
      )
    case .logarithmic:
      let convolution = try LogarithmicConvolution(
        shape: shape,
        activations: activations.format,
        weights: weights.format,
        weightCodes: weightCodes(),
        features: features
      )
      return Choice(
        method: .logarithmic(convolution),
        datapath: .logarithmic,
        reason: "asked for: exponents add, each product is rounded once, to float32; sums in float32",
        warnings: []
      )
    case .exact(let sum):
      switch cheapest {
      case .integer4, .integer8, .integer16: return nil
      case .float32, .bfloat16, .rounded, .exact, .logarithmic, .reference: break
      }
      let asked = "asked for: sums of \(shape.depth) products, rounded once, to float32"
      let obstacle: String
      if max(weights.info.bitWidth, activations.info.bitWidth) > 16 {
        obstacle = "no limbs: a format has more than 16 bits"
      } else if let convolution = Self.limbs(weights, activations, weightCodes(), shape, features) {
        return Choice(
          method: .exact(convolution),
          datapath: .exact,
          reason: "\(asked); limbs: \(convolution.limbProductCount) products of 16-bit integers for each",
          warnings: []
        )
      } else {
        obstacle = "no limbs: values span more than 62 bits, or sums more than 127"
      }
      let model = AccumulatorModel(sum: sum, interval: shape.depth)
      let reason = "\(asked); \(obstacle)"
      return Self.rounded(model, weights, activations, depth: shape.depth, .exact, reason, features)
    }
  }

  private static func rounded(
    _ model: AccumulatorModel,
    _ weights: FormatCodec,
    _ activations: FormatCodec,
    depth: Int,
    _ datapath: Datapath,
    _ reason: String,
    _ features: CPUFeatures
  ) -> Choice {
    let (left, right) = (OperandBounds(activations), OperandBounds(weights))
    let kernel = RoundedMicroKernel(model, left: left, right: right, features: features)
    return Choice(
      method: .rounded(kernel),
      datapath: kernel.isReference ? .reference : datapath,
      reason: kernel.referenceReason.map { "\(reason); \($0)" } ?? reason,
      warnings: model.warnings(left: left, right: right, depth: depth)
    )
  }

  private static func limbs(
    _ weights: FormatCodec,
    _ activations: FormatCodec,
    _ weightCodes: [UInt32],
    _ shape: ConvolutionShape,
    _ features: CPUFeatures
  ) -> ExactConvolution? {
    func values(_ codec: FormatCodec) -> [Float] {
      (0..<UInt32(1) << UInt32(codec.info.bitWidth)).map { codec.decode($0) }
    }
    return ExactConvolution(
      shape: shape,
      activations: values(activations),
      weights: values(weights),
      weightCodes: weightCodes,
      features: features
    )
  }
}
