/// Formats of a chain with their shares: what an operand is made of in a step.
public struct FormatMixture: Sendable, Hashable {
  /// Numbers of formats on the chain.
  public let formats: [Int]
  /// Their shares, which add up to 1.
  public let shares: [Double]
  /// Whether the shares say how many levels one grid between the two formats has, instead of how both are mixed.
  public let isGrid: Bool

  /// A mixture.
  ///
  /// - Precondition: a share for each format, one at least.
  public init(formats: [Int], shares: [Double]) {
    precondition(!formats.isEmpty && formats.count == shares.count, "a share for each format")
    (self.formats, self.shares, isGrid) = (formats, shares, false)
  }

  /// A grid between two formats.
  init(from lower: Int, to upper: Int, share: Double) {
    (formats, shares, isGrid) = ([lower, upper], [1 - share, share], true)
  }

  /// One format alone.
  public init(_ format: Int) { self.init(formats: [format], shares: [1]) }

  /// The place in the mean over the shares.
  public var place: Double { zip(formats, shares).reduce(0) { $0 + Double($1.0) * $1.1 } }
}

extension FormatChain {
  /// The mixture at a place: between two formats (1 - p) of the lower and p of the upper one; at a format that one alone.
  ///
  /// - Source: methods.md 2.4.
  public func mixture(at place: Double) -> FormatMixture {
    let (lower, upper, share) = neighbours(of: place)
    return lower == upper
      ? FormatMixture(lower) : FormatMixture(formats: [lower, upper], shares: [1 - share, share])
  }

  /// The grid at a place, whose number of levels is between those of its neighbours; at a format that of the format itself.
  ///
  /// - Source: methods.md 4.5 (DQ).
  public func grid(at place: Double) -> FormatMixture {
    let lower = min(Int(place.rounded(.down)), formats.count - 2)
    return FormatMixture(from: lower, to: lower + 1, share: place - Double(lower))
  }
}
