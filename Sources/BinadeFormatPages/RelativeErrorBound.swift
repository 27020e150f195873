import BinadeNumerics
import Foundation

/// The greatest relative error of rounding to nearest between two magnitudes.
///
/// Between neighbours a < x < b of one sign the error |x̂ - x| / |x| grows from a to the boundary t and falls from
/// there to b, so its supremum is max(|t - a|, |b - t|) / |t|. For a binary float with p bits of precision the
/// greatest over the normal range is 2^-p / (1 + 2^-p), at the midpoint above a power of two.
///
/// - Source: Jeannerod and Rump, "On relative errors of floating-point operations: optimal bounds and
///   applications", Mathematics of Computation 87, 2018, section 2.
package struct RelativeErrorBound: Sendable, Hashable, Encodable {
  /// The error, as a fraction of the number rounded.
  package let value: Double
  /// The boundary where it is reached, or come as near to as one likes; of several the one nearest to ±1.
  package let at: Double
  /// The least magnitude looked at.
  package let leastMagnitude: Double
  /// The greatest magnitude looked at.
  package let greatestMagnitude: Double
  /// Whether not all pairs of neighbours were looked at, but the ends and some others of each binade.
  package let isSampled: Bool

  /// A boundary between two values of one sign, and the error there.
  package struct Peak: Sendable {
    package let boundary: Double
    package let error: Double
    /// The magnitude of the neighbour nearer to zero.
    package let innerMagnitude: Double

    package init(_ a: Rung, _ b: Rung, _ ladder: any Ladder) {
      let (lower, upper) = a.value < b.value ? (a, b) : (b, a)
      boundary = ladder.boundary(between: lower, and: upper).high
      error = max(boundary - lower.value, upper.value - boundary) / abs(boundary)
      innerMagnitude = min(abs(a.value), abs(b.value))
    }
  }

  /// The greatest error on both sides of zero from `magnitude` on; nil without two neighbours there.
  static func greatest(_ walk: ValueWalk, from magnitude: Double, _ counts: [BinadeCount]) -> Self? {
    greatest(
      of: peaks(walk, counts),
      from: magnitude,
      to: max(abs(walk.ladder.least.value), abs(walk.ladder.greatest.value)),
      isSampled: walk.rungs == nil
    )
  }

  /// The greatest of `peaks` from `magnitude` on; nil without one.
  static func greatest(
    of peaks: [Peak],
    from magnitude: Double,
    to greatestMagnitude: Double,
    isSampled: Bool
  ) -> Self? {
    let greatest = peaks.filter { $0.innerMagnitude >= magnitude }.max { one, two in
      (one.error, -abs(log2(abs(one.boundary))), one.boundary)
        < (two.error, -abs(log2(abs(two.boundary))), two.boundary)
    }
    return greatest.map {
      RelativeErrorBound(
        value: $0.error,
        at: $0.boundary,
        leastMagnitude: magnitude,
        greatestMagnitude: greatestMagnitude,
        isSampled: isSampled
      )
    }
  }

  /// The boundaries between neighbours of one sign, ascending: all of them, or samples of every binade.
  package static func peaks(_ walk: ValueWalk, _ counts: [BinadeCount]) -> [Peak] {
    if let rungs = walk.rungs {
      return zip(rungs, rungs.dropFirst()).filter { $0.value * $1.value > 0 }.map {
        Peak($0, $1, walk.ladder)
      }
    }
    return sampledPeaks(walk, counts)
  }

  private static func sampledPeaks(_ walk: ValueWalk, _ counts: [BinadeCount]) -> [Peak] {
    let (least, greatest) = (walk.ladder.least.value, walk.ladder.greatest.value)
    let extent = max(abs(least), abs(greatest))
    let first = counts.first?.exponent ?? Int(walk.leastPositive?.value.exponent ?? 0)
    let last = counts.last?.exponent ?? Int(extent.exponent)
    guard first <= last else { return [] }
    let samplesPerBinade = 32
    var peaks: [Peak] = []
    for exponent in first...last {
      let start = Double(sign: .plus, exponent: exponent, significand: 1)
      for sample in 0...samplesPerBinade {
        let x =
          sample < samplesPerBinade
          ? start * (1 + Double(sample) / Double(samplesPerBinade)) : (2 * start).nextDown
        for signed in [x, -x] {
          // The pair on the far side of zero from the number.
          guard let inner = signed > 0 ? walk.atOrBelow(signed) : walk.atOrAbove(signed),
            let outer = signed > 0 ? walk.above(signed) : walk.below(signed),
            inner.value * outer.value > 0
          else { continue }
          peaks.append(Peak(inner, outer, walk.ladder))
        }
      }
    }
    return peaks.sorted { $0.boundary < $1.boundary }
  }
}
