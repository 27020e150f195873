import BinadeNumerics

/// The values of a format as whole numbers of one step, where neighbours are all equally far apart and 0 is among them:
/// integers, fixed point, and any codebook or float that happens to be even.
struct EvenSpacing: Sendable, Hashable {
  /// The distance between neighbours.
  let step: Double
  /// The least value, in steps.
  let least: Int
  /// The greatest value, in steps.
  let greatest: Int

  /// Nil for other formats, and for those of more than 16 bits, which have codes to spare.
  init?(_ ladder: any Ladder) {
    guard let ladder = ladder as? EnumeratedLadder, ladder.rungs.count > 1,
      PrecisionProfile(ladder, isNonnegative: false).isUniform
    else { return nil }
    step = ladder.rungs[1].value - ladder.rungs[0].value
    guard let least = Int(exactly: ladder.least.value / step),
      let greatest = Int(exactly: ladder.greatest.value / step), least <= 0, greatest >= 0
    else { return nil }
    (self.least, self.greatest) = (least, greatest)
  }

  /// The zero point, in steps, that a rule gives a tensor with values from `lower` to `upper`.
  func zeroPoint(_ rule: ZeroPointRule, lower: Float, upper: Float) -> Int {
    switch rule {
    case .none: return 0
    case .nonnegative:
      if lower >= 0 { return least }
      return least == 0 ? (greatest + 1) / 2 : 0
    case .full:
      return asymmetricZeroPoint(below: Double(max(-lower, 0)), above: Double(max(upper, 0)))
    }
  }

  /// The zero point with the least scale under which neither end saturates: of the two next to where the ends put it.
  private func asymmetricZeroPoint(below: Double, above: Double) -> Int {
    guard below + above > 0 else { return 0 }
    let place = below / (below + above) * Double(greatest - least)
    func scale(_ steps: Int) -> Double {
      func needed(_ end: Double, _ room: Int) -> Double { end == 0 ? 0 : end / Double(room) }
      return max(needed(below, steps), needed(above, greatest - least - steps))
    }
    let (lower, upper) = (Int(place.rounded(.down)), Int(place.rounded(.up)))
    return least + (scale(upper) < scale(lower) ? upper : lower)
  }
}
