import BinadeNumerics

/// How much a teacher counts.
///
/// - Source: Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015.
public struct Distillation: Sendable, Hashable {
  /// Its share of the loss, 0 to 1.
  public var weight: Double
  /// What logits are divided by before they become probabilities.
  public var temperature: Double

  /// A share of the loss.
  public init(weight: Double, temperature: Double = 4) {
    (self.weight, self.temperature) = (weight, temperature)
  }
}

/// Softmax cross-entropy and its gradient.
///
/// With probabilities p = softmax(logits), targets t = (1 - s)·[label] + s/classes and, from a teacher, q =
/// softmax(teacher / T): loss = (1 - w)·Σ -t·log p + w·T²·Σ q·(log q - log p_T).
///
/// - Source: Szegedy et al., CVPR 2016 (label smoothing); Hinton, Vinyals and Dean, 2015 (distillation).
package struct SoftmaxLoss: Sendable, Hashable {
  /// s, 0 to 1.
  package var labelSmoothing = 0.0
  /// w and T.
  package var distillation = Distillation(weight: 0)

  /// A loss.
  package init(labelSmoothing: Double = 0, distillation: Distillation = Distillation(weight: 0)) {
    (self.labelSmoothing, self.distillation) = (labelSmoothing, distillation)
  }

  /// The loss of one image; its gradient with respect to the logits, divided by `batch`, goes to `gradient`.
  ///
  /// - Shape: `logits`, `teacher` and `gradient` have one element per class.
  package func loss(
    _ logits: [Double],
    label: Int,
    teacher: [Double]? = nil,
    batch: Int,
    gradient: inout [Double]
  ) -> Double {
    let classes = Double(logits.count)
    let logProbabilities = Self.logSoftmax(logits, temperature: 1)
    let weight = teacher == nil ? 0 : distillation.weight
    var loss = 0.0
    for index in logits.indices {
      let target = labelSmoothing / classes + (index == label ? 1 - labelSmoothing : 0)
      if target > 0 { loss -= (1 - weight) * target * logProbabilities[index] }
      gradient[index] =
        (1 - weight) * (Elementary.exp(logProbabilities[index]) - target) / Double(batch)
    }
    guard let teacher, weight > 0 else { return loss }
    let temperature = distillation.temperature
    let softened = Self.logSoftmax(logits, temperature: temperature)
    let wanted = Self.logSoftmax(teacher, temperature: temperature)
    for index in logits.indices {
      let probability = Elementary.exp(wanted[index])
      loss += weight * temperature * temperature * probability * (wanted[index] - softened[index])
      gradient[index] +=
        weight * temperature * (Elementary.exp(softened[index]) - probability) / Double(batch)
    }
    return loss
  }

  private static func logSoftmax(_ logits: [Double], temperature: Double) -> [Double] {
    let greatest = logits.max() ?? 0
    let shifted = logits.map { ($0 - greatest) / temperature }
    let total = Elementary.log(shifted.reduce(0) { $0 + Elementary.exp($1) })
    return shifted.map { $0 - total }
  }
}
