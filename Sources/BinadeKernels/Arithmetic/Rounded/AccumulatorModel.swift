import BinadeNumerics

/// How a sum of products is carried out when the accumulator is itself a format.
///
/// An accumulator starts as the format's conversion of 0. Without an alignment, one step of the sequence is
///
///     accumulator = round(accumulator + a[p]·b[p] + ... + a[p+n-1]·b[p+n-1])
///
/// where the accumulator and `interval` = n products are summed exactly and rounded once (the last group may be shorter).
/// n = 1 with exact products is a fused multiply-add in the format. With a `product` format each product is rounded
/// to it first.
///
/// Infinities and NaNs follow IEEE 754-2019, clause 6: a sum with a NaN, or with infinities of both signs, is NaN, and
/// is then encoded as the format does it. A sum of zero is -0 where every term is -0, else +0 (-0 under `down`).
///
/// - Source: Higham, Accuracy and Stability of Numerical Algorithms, 2002, chapter 4 (orders of summation); DeepSeek-AI,
///   DeepSeek-V3 technical report, arXiv 2412.19437, section 3.3.2 (promotion every K products).
public struct AccumulatorModel: Sendable {
  /// The order in which products meet.
  public enum Order: Sendable {
    /// One accumulator from the first product to the last.
    case sequential
    /// A fresh accumulator for every `length` products; its result is added to an outer accumulator, with one rounding.
    case chunked(length: Int, into: AccumulatorFormat)
    /// Groups of `interval` products are summed and rounded; then neighbours are added, level by level, each sum
    /// rounded; one without a neighbour goes up unchanged.
    case pairwise
  }

  /// What products are rounded to; nil means that they are exact.
  public let product: AccumulatorFormat?
  /// The accumulator's format.
  public let sum: AccumulatorFormat
  /// Products per rounding.
  public let interval: Int
  /// The order of summation.
  public let order: Order
  /// How terms of a group are cut before they are added; nil means not at all.
  public let alignment: AccumulatorAlignment?

  /// Describes an accumulator.
  ///
  /// - Precondition: `interval` and the length of a chunk are at least 1.
  public init(
    product: AccumulatorFormat? = nil,
    sum: AccumulatorFormat,
    interval: Int = 1,
    order: Order = .sequential,
    alignment: AccumulatorAlignment? = nil
  ) {
    precondition(interval >= 1, "an accumulator is rounded every 1 or more products, found \(interval)")
    if case .chunked(let length, _) = order {
      precondition(length >= 1, "a chunk has 1 or more products, found \(length)")
    }
    self.product = product
    self.sum = sum
    self.interval = interval
    self.order = order
    self.alignment = alignment
  }

  /// What the result is a value of: the accumulator's format, or that of the outer accumulator.
  public var result: AccumulatorFormat {
    if case .chunked(_, let outer) = order { return outer }
    return sum
  }

  /// The model in words.
  public var description: String {
    var parts = ["sum \(sum.description)"]
    if let product { parts.append("product \(product.description)") }
    if interval > 1 { parts.append("every \(interval)") }
    if let alignment { parts.append("aligned to \(alignment.fractionBitCount) fraction bits") }
    switch order {
    case .sequential: break
    case .pairwise: parts.append("pairwise")
    case .chunked(let length, let outer): parts.append("chunks of \(length) into \(outer.description)")
    }
    return parts.joined(separator: ", ")
  }
}

/// The alignment of a group of terms in a matrix unit: the accumulator and the products are cut toward zero to multiples
/// of 2^(e - fractionBitCount), where e is the greatest exponent among those that are not zero; then their sum is exact.
///
/// A sum of zero is +0.
///
/// - Source: Fasi, Higham, Mikaitis and Pranesh, Numerical behavior of NVIDIA tensor cores, PeerJ Computer Science 7,
///   2021; Xie et al., MMA-Sim, arXiv 2511.10909 (truncated fused dot-product-add).
public struct AccumulatorAlignment: Sendable, Hashable {
  /// What the exponent of a product is.
  public enum ProductExponent: Sendable, Hashable {
    /// That of its value.
    case ofProduct
    /// The sum of the exponents of its factors, each at least as given (the exponent of the subnormals of its format), as
    /// multipliers have it that do not normalise.
    case ofFactors(leastLeft: Int, leastRight: Int)
  }

  /// Bits kept below the bit of the greatest exponent.
  public let fractionBitCount: Int
  /// What the exponent of a product is.
  public let productExponent: ProductExponent

  /// Describes an alignment.
  ///
  /// - Precondition: `fractionBitCount` is 0 to 60.
  public init(fractionBitCount: Int, productExponent: ProductExponent = .ofProduct) {
    precondition((0...60).contains(fractionBitCount), "0 to 60 fraction bits, found \(fractionBitCount)")
    self.fractionBitCount = fractionBitCount
    self.productExponent = productExponent
  }

  /// The exponent of a product that is finite and not zero.
  func exponent(_ left: Double, _ right: Double) -> Int {
    switch productExponent {
    case .ofProduct: Int((left * right).exponent)
    case .ofFactors(let leastLeft, let leastRight):
      max(Int(left.exponent), leastLeft) + max(Int(right.exponent), leastRight)
    }
  }
}
