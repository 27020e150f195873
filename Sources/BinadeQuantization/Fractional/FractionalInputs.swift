import BinadeNumerics

/// Inputs of a layer at a place of a chain: clipped at a bound that is learned, and mixed of formats.
///
/// - Source: methods.md 2.3, 2.4; the gradient of the bound is SAT's.
public struct FractionalInputs: Sendable {
  /// The formats.
  public let chain: FormatChain
  /// Where the layer is on the chain.
  public var place: Double { didSet { mixture = chain.mixture(at: place) } }
  /// What inputs are made of: what is at the place, unless it is said otherwise.
  public var mixture: FormatMixture
  /// What inputs are clipped at, above 0; nil before the first batch, which stays as it is.
  public var bound: Double?
  /// Whether inputs may be negative, and are clipped on both sides.
  public let isSigned: Bool
  private let links: [FormatChain.Link?]

  /// Inputs that are not quantized yet.
  ///
  /// Throws what `CodecCache` throws, and ``QuantizationFailure`` for formats that do not suit the sign of the inputs.
  public init(
    _ chain: FormatChain,
    place: Double,
    bound: Double? = nil,
    isSigned: Bool,
    name: String,
    cache: CodecCache
  ) throws {
    precondition((0...chain.end).contains(place), "a place of the chain")
    (self.chain, self.place, self.bound, self.isSigned) = (chain, place, bound, isSigned)
    mixture = chain.mixture(at: place)
    links = try chain.codecs(cache, isNonnegative: !isSigned)
    for case let link? in links where isSigned && link.codec.codec.reference.ladder.least.value >= 0 {
      throw QuantizationFailure.negativeValues(tensor: name, format: link.codec.codec.info.name)
    }
  }

  /// The first format of the chain between whose levels and those of the others no grid is; nil where all make grids.
  public var formatWithoutGrid: String? { chain.formatWithoutGrid(links) }

  /// The formats of the chain but 0 bits.
  public var codecs: [FormatCodec] { links.compactMap { $0?.codec.codec } }

  /// The quantizer of a step; nil before the first batch.
  public var quantizer: FractionalQuantizer? {
    bound.map { FractionalQuantizer(links, mixture, bound: $0) }
  }

  /// The scale of a format of the chain under the bound: that of its codes once it is chosen; nil for 0 bits.
  public func scale(ofFormat index: Int) -> Float? {
    guard let link = links[index], let bound else { return nil }
    return Float(bound / link.steps)
  }

  /// What a value that became `mixed` contributes: whether the gradient passes, and the derivative by the bound.
  ///
  /// - Precondition: a bound.
  public func gradients(_ value: Float, mixed: Float) -> (passes: Bool, bound: Double) {
    guard let bound else { preconditionFailure("inputs without a bound") }
    let value = Double(value)
    if value >= bound { return (false, 1) }
    if isSigned, value <= -bound { return (false, -1) }
    if !isSigned, value <= 0 { return (false, 0) }
    return (true, (Double(mixed) - value) / bound)
  }
}
