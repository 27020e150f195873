/// How learning rate and momentum go with the steps of a run.
public enum Schedule: Sendable, Hashable {
  /// The learning rate as it is.
  case constant
  /// Rises from `1/startDivisor` of the learning rate to all of it in the share `warmUp` of the steps, then falls to
  /// `1/(startDivisor·endDivisor)`, both along a cosine; momentum goes the other way, between the optimizer's and
  /// `leastMomentum`.
  ///
  /// - Source: Smith and Topin, 2018; constants of torch.optim.lr_scheduler.OneCycleLR.
  case oneCycle(
    warmUp: Double = 0.3,
    startDivisor: Double = 25,
    endDivisor: Double = 1e4,
    leastMomentum: Double? = 0.85
  )
  /// A linear rise over the share `warmUp` of the steps, times a cosine from 1 to `least`, times a linear fall to 0 over
  /// the share `coolDown`.
  ///
  /// - Source: AQT's recipe (warm-up 5 and cool-down 50 of 250 epochs, least 0.001); methods.md 1.7.
  case cosine(warmUp: Double = 0, coolDown: Double = 0, least: Double = 0)
  /// Times `factor` at each of the `milestones`, shares of the steps.
  case step(milestones: [Double], factor: Double = 0.1)
}

/// Learning rate and momentum of one step.
public struct StepValues: Sendable, Hashable {
  /// By how much of the update parameters move.
  public var learningRate: Double
  /// What stays of the last update; nil where the schedule leaves the optimizer's.
  public var momentum: Double?

  /// Values of a step.
  public init(learningRate: Double, momentum: Double?) {
    (self.learningRate, self.momentum) = (learningRate, momentum)
  }
}

extension Schedule {
  /// The values of step `step` of `total`.
  ///
  /// `learningRate`, `momentum`: the greatest of the run.
  public func values(at step: Int, of total: Int, learningRate: Double, momentum: Double) -> StepValues {
    let share = Double(step) / Double(max(1, total))
    switch self {
    case .constant:
      return StepValues(learningRate: learningRate, momentum: nil)
    case .oneCycle(let warmUp, let startDivisor, let endDivisor, let leastMomentum):
      let start = learningRate / startDivisor
      // As PyTorch counts: the peak is at step warmUp·total - 1, the end at total - 1.
      let peak = warmUp * Double(total) - 1
      let isRising = Double(step) <= peak
      let position =
        isRising ? Double(step) / peak : min(1, (Double(step) - peak) / (Double(total - 1) - peak))
      func anneal(_ from: Double, _ to: Double) -> Double {
        to + (from - to) / 2 * (1 + Elementary.cosineOfPi(position.isFinite ? position : 1))
      }
      let least = leastMomentum ?? momentum
      return StepValues(
        learningRate: isRising ? anneal(start, learningRate) : anneal(learningRate, start / endDivisor),
        momentum: leastMomentum == nil ? nil : isRising ? anneal(momentum, least) : anneal(least, momentum)
      )
    case .cosine(let warmUp, let coolDown, let least):
      let position = min(1, max(0, (share - warmUp) / max(1 - warmUp - coolDown, 1e-12)))
      let cosine = (1 - least) / 2 * (1 + Elementary.cosineOfPi(position)) + least
      let rise = warmUp > 0 ? min(1, share / warmUp) : 1
      let fall = coolDown > 0 ? min(1, (1 - share) / coolDown) : 1
      return StepValues(learningRate: learningRate * cosine * rise * fall, momentum: nil)
    case .step(let milestones, let factor):
      let passed = milestones.filter { share >= $0 }.count
      return StepValues(
        learningRate: (0..<passed).reduce(learningRate) { rate, _ in rate * factor },
        momentum: nil
      )
    }
  }
}
