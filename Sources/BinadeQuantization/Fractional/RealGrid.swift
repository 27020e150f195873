import BinadeNumerics

/// A uniform grid whose number of steps need not be whole: what a quantizer with a learned step under a learned bound is.
///
/// - Source: Uhlich et al., "Mixed Precision DNNs: All you need is a good parametrization", ICLR 2020 (DQ); methods.md 4.5.
public struct RealGrid: Sendable {
  /// Where values lie.
  public enum Alignment: Sendable, Hashable {
    /// 0 is one of them.
    case zero
    /// 0 is in the middle between two.
    case middle

    /// Of a format; nil where its values are not evenly spaced.
    init?(_ ladder: any Ladder) {
      guard let ladder = ladder as? EnumeratedLadder, ladder.rungs.count > 1,
        PrecisionProfile(ladder, isNonnegative: false).isUniform
      else { return nil }
      let steps = ladder.least.value / (ladder.rungs[1].value - ladder.rungs[0].value)
      switch steps - steps.rounded(.down) {
      case 0: self = .zero
      case 0.5: self = .middle
      default: return nil
      }
    }
  }

  /// Steps from 0 to the bound; with ``Alignment/middle`` of half the distance between values, as in odd integers.
  let steps: Double
  /// What the steps grow by with the place on the chain, relative to themselves.
  let growth: Double
  private let alignment: Alignment

  /// Between two formats: the bits, log2(steps + 1), are between theirs.
  ///
  /// - Precondition: two formats with evenly spaced values, alike.
  init(_ links: [FormatChain.Link?], _ mixture: FormatMixture) {
    let own = mixture.formats.map { links[$0] }
    guard let lower = own[0], let upper = own[1], let alignment = lower.grid, alignment == upper.grid else {
      preconditionFailure("a grid between two of evenly spaced values")
    }
    self.alignment = alignment
    let (least, most) = (lower.steps + 1, upper.steps + 1)
    let ratio = most / least
    let count = least * Elementary.exp(mixture.shares[1] * Elementary.log(ratio))
    steps = count - 1
    growth = Elementary.log(ratio) * count / steps
  }

  /// Writes the nearest values of the grid, in steps.
  func quantize(_ values: UnsafeBufferPointer<Float>, bound: Float, into output: UnsafeMutablePointer<Float>)
  {
    let (steps, unit) = (Float(steps), Float(self.steps) / bound)
    // Beyond 2²³ a sum keeps no halves: what is left is the nearest whole number, of two the even one.
    let whole: Float = 0x1.8p23
    switch alignment {
    case .zero:
      for index in values.indices {
        output[index] = max(-steps, min(steps, (values[index] * unit + whole) - whole))
      }
    case .middle:
      for index in values.indices {
        let lower = ((values[index] * unit - 1) / 2 + whole) - whole
        output[index] = max(-steps, min(steps, 2 * lower + 1))
      }
    }
  }
}
