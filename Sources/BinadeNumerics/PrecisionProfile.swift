/// Where a format is precise, and so where a scale should put the data.
///
/// The density of a binade is the number of values that it has, or would have if the format did not end in it. In a format
/// with evenly spaced values it doubles from binade to binade, in a float it is the same in all of them, in a tapered format
/// (posits, takums) it is greatest around 1 and halves again and again on the way to the ends. The *plateau* are the
/// binades within half a bit of the greatest density; the ``anchor`` is where its uppermost one ends, or the format.
///
/// Tapered formats of any width thus have their anchor far below the greatest value: 16 for posits with es = 2. The greatest
/// of the data goes there, not to the greatest value, around which there is no precision left.
public struct PrecisionProfile: Sendable, Hashable {
  /// The magnitude that the greatest one of the data becomes, when nothing is clipped.
  public let anchor: Double
  /// Binades from the least nonzero magnitude up to the anchor, in which a larger scale may help, at most 128, and at most
  /// 16 in formats of more than 16 bits, where the plateau begins closer; 0 for evenly spaced values.
  public let headroomInBinades: Int

  /// Whether all neighbouring values are equally far apart.
  public var isUniform: Bool { headroomInBinades == 0 }

  /// The exponents of magnitudes that Float32 holds as normal numbers, with a binade to spare: scaled data are Float32.
  private static let exponents = -126...126
  /// Beyond this exponent products of two values leave Float32: a plateau that goes on is left before.
  private static let greatestAnchorExponent = 60
  /// A plateau that is cut off keeps so many binades below the anchor where it has them: Float32 data span fewer.
  private static let ampleBinades = 40
  private static let greatestWideHeadroom = 16

  /// Looks at the values of a ladder.
  ///
  /// `isNonnegative`: the data are never negative, so that only positive values count. Otherwise the side that ends first does, so that neither saturates.
  public init(_ ladder: any Ladder, isNonnegative: Bool) {
    let (below, above) = (-ladder.least.value, ladder.greatest.value)
    let bound = isNonnegative ? above : min(below, above) > 0 ? min(below, above) : max(below, above)
    let sign: Double = bound == above ? 1 : -1
    if let enumerated = ladder as? EnumeratedLadder {
      self.init(enumerated.rungs.map(\.value), bound: bound, sign: sign)
    } else {
      self.init(sampling: ladder, bound: bound, sign: sign)
    }
  }

  /// Counts the values of a format of up to 16 bits.
  private init(_ values: [Double], bound: Double, sign: Double) {
    let step = values[1] - values[0]
    guard zip(values, values.dropFirst()).contains(where: { $1 - $0 != step }) else {
      self.init(anchor: bound, headroom: 0)
      return
    }
    let magnitudes = values.lazy.map { $0 * sign }.filter { $0 > 0 }.sorted()
    var densities: [Int: Double] = [:]
    for magnitude in magnitudes { densities[Int(magnitude.exponent), default: 0] += 1 }
    if let last = magnitudes.last {
      let lastStep = last - (magnitudes.dropLast().last ?? 0)
      let covered = min(1, (last + lastStep) / Self.binade(Int(last.exponent)) - 1)
      densities[Int(last.exponent)]? /= covered
    }
    let least = values.lazy.map { abs($0) }.filter { $0 > 0 }.min() ?? bound
    self.init(densities, bound: bound, least: least, greatestHeadroom: 128)
  }

  /// Measures the steps of a wider format in the middle of each binade.
  private init(sampling ladder: any Ladder, bound: Double, sign: Double) {
    func step(above magnitude: Double) -> Double {
      let (lower, upper) = ladder.neighbours(of: sign * magnitude.nextUp)
      return upper.value - lower.value
    }
    let least = ladder.neighbours(of: sign * Double.leastNormalMagnitude)
    let leastMagnitude = abs(sign > 0 ? least.upper.value : least.lower.value)
    let beforeBound = ladder.neighbours(of: sign * bound.nextDown)
    let lastStep = bound - abs(sign > 0 ? beforeBound.lower.value : beforeBound.upper.value)
    guard lastStep != leastMagnitude else {
      self.init(anchor: bound, headroom: 0)
      return
    }
    var densities: [Int: Double] = [:]
    for exponent in Self.exponents {
      let power = Self.binade(exponent)
      guard power >= leastMagnitude, power < bound else { continue }
      let middle = min(1.5 * power, power + (bound - power) / 2)
      densities[exponent] = power / step(above: middle)
    }
    self.init(
      densities,
      bound: bound,
      least: leastMagnitude,
      greatestHeadroom: Self.greatestWideHeadroom
    )
  }

  private init(_ densities: [Int: Double], bound: Double, least: Double, greatestHeadroom: Int) {
    let usable = densities.filter { Self.exponents.contains($0.key) }
    let finest = usable.values.max() ?? 0
    let plateau = usable.lazy.filter { 2 * $0.value * $0.value >= finest * finest }.map(\.key)
    guard var top = plateau.max(), let bottom = plateau.min() else {
      self.init(anchor: bound, headroom: 1)
      return
    }
    if top > Self.greatestAnchorExponent { top = min(top, max(0, bottom + Self.ampleBinades)) }
    // Where little follows the plateau the list of values just ends unevenly; the greatest of it is meant to be used.
    let end = Self.binade(top + 1)
    let anchor = bound >= 4 * end ? end : bound
    let headroom = min(greatestHeadroom, Int((anchor / max(least, .leastNormalMagnitude)).exponent))
    self.init(anchor: anchor, headroom: max(1, headroom))
  }

  private init(anchor: Double, headroom: Int) {
    self.anchor = anchor
    headroomInBinades = headroom
  }

  private static func binade(_ exponent: Int) -> Double {
    Double(sign: .plus, exponent: exponent, significand: 1)
  }
}
