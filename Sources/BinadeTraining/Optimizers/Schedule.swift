import BinadeNumerics

/// How learning rate and momentum go with the steps of a run.
public struct Schedule: Sendable, Hashable {
  /// The shape of the curve.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The learning rate as it is.
    case constant
    /// Rises from `1/startDivisor` of the learning rate to all of it in the share `warmUp` of the steps, then falls to
    /// `1/(startDivisor·endDivisor)`, both along a cosine; momentum goes the other way, down to `leastMomentum`.
    ///
    /// - Source: Smith and Topin, 2018; PyTorch's OneCycleLR.
    case oneCycle
    /// A linear rise over the share `warmUp` of the steps, times a cosine from 1 to `least`, times a linear fall to 0 over
    /// the share `coolDown`.
    ///
    /// - Source: AQT's recipe (warm-up 5 and cool-down 50 of 250 epochs, least 0.001); methods.md 1.7.
    case cosine
    /// Times `factor` at each of the `milestones`.
    case step
  }

  /// The shape.
  public var kind: Kind
  /// The share of the steps that the learning rate rises for.
  public var warmUp = 0.3
  /// The share of the steps at the end that it falls to 0 in, beside the cosine.
  public var coolDown = 0.0
  /// The share of the learning rate that a cosine ends with.
  public var least = 0.0
  /// One cycle starts at the learning rate divided by this.
  public var startDivisor = 25.0
  /// One cycle ends at its start divided by this.
  public var endDivisor = 1e4
  /// The momentum of one cycle's peak; nil where momentum stays.
  public var leastMomentum: Double? = 0.85
  /// Shares of the steps at which the learning rate drops.
  public var milestones = [0.5, 0.75]
  /// By what it drops.
  public var factor = 0.1

  /// A schedule; a cosine begins at its top.
  public init(_ kind: Kind = .oneCycle) {
    self.kind = kind
    if kind != .oneCycle { warmUp = 0 }
  }

  /// The values of step `step` of `total`.
  ///
  /// `learningRate`, `momentum`: the greatest of the run.
  public func values(at step: Int, of total: Int, learningRate: Double, momentum: Double) -> StepValues {
    let share = Double(step) / Double(max(1, total))
    switch kind {
    case .constant:
      return StepValues(learningRate: learningRate, momentum: momentum)
    case .oneCycle:
      return oneCycle(step, total, learningRate, momentum)
    case .cosine:
      let position = min(1, max(0, (share - warmUp) / max(1 - warmUp - coolDown, 1e-12)))
      let cosine = (1 - least) / 2 * (1 + Elementary.cosineOfPi(position)) + least
      let rise = warmUp > 0 ? min(1, share / warmUp) : 1
      let fall = coolDown > 0 ? min(1, (1 - share) / coolDown) : 1
      return StepValues(learningRate: learningRate * cosine * rise * fall, momentum: momentum)
    case .step:
      let rate = milestones.reduce(learningRate) { share >= $1 ? $0 * factor : $0 }
      return StepValues(learningRate: rate, momentum: momentum)
    }
  }

  private func oneCycle(_ step: Int, _ total: Int, _ learningRate: Double, _ momentum: Double) -> StepValues {
    // As PyTorch counts: the peak is at step warmUp·total - 1, the end at total - 1.
    let peak = warmUp * Double(total) - 1
    let isRising = Double(step) <= peak
    let position = isRising ? Double(step) / peak : (Double(step) - peak) / (Double(total - 1) - peak)
    func anneal(_ from: Double, _ to: Double) -> Double {
      to + (from - to) / 2 * (1 + Elementary.cosineOfPi(position.isFinite ? min(1, position) : 1))
    }
    let start = learningRate / startDivisor
    let least = leastMomentum ?? momentum
    return StepValues(
      learningRate: isRising ? anneal(start, learningRate) : anneal(learningRate, start / endDivisor),
      momentum: isRising ? anneal(momentum, least) : anneal(least, momentum)
    )
  }
}

/// Learning rate and momentum of one step.
public struct StepValues: Sendable, Hashable {
  /// By how much of the update parameters move.
  public var learningRate: Double
  /// What stays of the last update.
  public var momentum: Double

  /// Values of a step.
  public init(learningRate: Double, momentum: Double) {
    (self.learningRate, self.momentum) = (learningRate, momentum)
  }
}
