import BinadeKernels
import BinadeNumerics

/// Formats between which an operand moves while its network is trained, in the order of their bits: a place on the chain need not be a
/// whole number.
///
/// FracBits' chain is one of integers; any formats make one, as int4, float4_e2m1, posit5.
///
/// - Source: Yang and Jin, "FracBits: Mixed Precision Quantization via Fractional Bit-Widths", AAAI 2021; methods.md 2.4.
public struct FormatChain: Sendable {
  /// The formats; nil takes every value for 0 and has 0 bits.
  public let formats: [QuantizerSpecification?]

  /// A chain.
  ///
  /// Throws ``FormatChainError`` for fewer than two formats beside 0 bits, bits that fall from one to the next, and block formats.
  public init(_ formats: [QuantizerSpecification?]) throws(FormatChainError) {
    let count = formats.count { $0 != nil }
    guard count > 1 || (count == 1 && formats.count > 1) else { throw .tooShort(count: formats.count) }
    if let block = formats.first(where: { $0?.format.blocks != nil }) {
      throw .blocks(format: block?.format.name ?? "")
    }
    self.formats = formats
    for (lower, upper) in zip(formats, formats.dropFirst())
    where (lower?.bitWidth ?? 0) > (upper?.bitWidth ?? 0) {
      throw .unordered(lower: lower?.format.name ?? "0", upper: upper?.format.name ?? "0")
    }
  }

  /// The same without 0 bits.
  public var withoutNothing: FormatChain { FormatChain(some: formats.filter { $0 != nil }) }

  private init(some formats: [QuantizerSpecification?]) { self.formats = formats }

  /// The last place.
  public var end: Double { Double(formats.count - 1) }

  /// Bits of a code of a format of the chain.
  public func bitWidth(of index: Int) -> Int { formats[index]?.bitWidth ?? 0 }

  /// Bits at a place: between two formats those of both, by their shares.
  public func bits(at place: Double) -> Double {
    let (lower, upper, share) = neighbours(of: place)
    return (1 - share) * Double(bitWidth(of: lower)) + share * Double(bitWidth(of: upper))
  }

  /// The formats on both sides of a place, and the share of the upper one; at a format itself both are that one.
  ///
  /// - Precondition: a place of the chain, 0 to ``end``.
  public func neighbours(of place: Double) -> (lower: Int, upper: Int, share: Double) {
    precondition((0...end).contains(place), "the chain ends at \(end), found \(place)")
    let lower = place.rounded(.down)
    return (Int(lower), Int(place.rounded(.up)), place - lower)
  }

  /// A format as a codec, and how many of its units make the bound.
  public struct Link: Sendable {
    let codec: BulkCodec
    /// The greatest value, or one where formats are precise that taper; of formats that round down, a step more: the bound is the end
    /// of the last step.
    public let steps: Double
    /// How the values lie, where they are evenly spaced and values become the nearest; nil otherwise.
    public let grid: RealGrid.Alignment?
  }

  /// The formats as codecs; nil for 0 bits.
  ///
  /// `isNonnegative`: whether evenly spaced formats are shifted as their specifications say for values that never are negative.
  ///
  /// Throws what `CodecCache` throws.
  public func codecs(_ cache: CodecCache, isNonnegative: Bool = false) throws -> [Link?] {
    try formats.map { specification in
      guard let specification else { return nil }
      let policy = ConversionPolicy(rounding: specification.rounding, overflow: .saturate)
      var codec = try cache.codec(for: specification.format.element, policy: policy)
      if isNonnegative, let spacing = EvenSpacing(codec.codec.reference.ladder) {
        let zeroPoint = spacing.zeroPoint(specification.zeroPoint, lower: 0, upper: 1)
        if zeroPoint != 0 {
          let shift = Double(zeroPoint) * spacing.step
          codec = try cache.codec(for: specification.format.element, shift: shift, policy: policy)
        }
      }
      let greatest = Double(ScaleTarget(codec.codec, isNonnegative: isNonnegative).unit)
      return Link(
        codec: codec,
        steps: specification.rounding == .down ? greatest + 1 : greatest,
        grid: specification.rounding == .nearestEven ? RealGrid.Alignment(codec.codec.reference.ladder) : nil
      )
    }
  }

  /// The first of the formats that has no grid like that of the first one; nil where all have.
  func formatWithoutGrid(_ links: [Link?]) -> String? {
    let grid = links[0]?.grid
    let index = links.indices.first { links[$0]?.grid == nil || links[$0]?.grid != grid }
    return index.map { formats[$0]?.description ?? "0" }
  }

  /// The nearest place of the chain.
  public func projected(_ place: Double) -> Double { min(max(place, 0), end) }

  /// The first place that has so many bits; the nearer end where none has.
  public func place(ofBits bits: Double) -> Double {
    for index in formats.indices.dropLast() {
      let (lower, upper) = (Double(bitWidth(of: index)), Double(bitWidth(of: index + 1)))
      if bits <= upper {
        return projected(Double(index) + (upper > lower ? (bits - lower) / (upper - lower) : 0))
      }
    }
    return end
  }
}

/// Why formats make no chain.
public enum FormatChainError: Error, Sendable, Hashable, CustomStringConvertible {
  case tooShort(count: Int)
  case unordered(lower: String, upper: String)
  case blocks(format: String)

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .tooShort(let count):
      "a search needs at least 2 formats to choose from, found \(count)"
    case .unordered(let lower, let upper):
      "formats to search must not have fewer bits than those before them: '\(upper)' comes after '\(lower)'"
    case .blocks(let format):
      "'\(format)' is a block format; a search moves between formats of single elements, such as int4, float4_e2m1, posit5"
    }
  }
}
