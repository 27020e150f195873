import BinadeTraining
import Testing

/// Loss and gradient of one image.
@Suite struct SoftmaxLossTests {
  private static let logits = [1.5, -0.25, 3.0, 0.5]
  private static let teacher = [0.5, 2.0, 1.0, -1.0]

  private static func loss(_ logits: [Double], smoothing: Double, weight: Double) -> (Double, [Double]) {
    var gradient = [Double](repeating: 0, count: logits.count)
    let loss = SoftmaxLoss(
      labelSmoothing: smoothing,
      distillation: Distillation(weight: weight, temperature: 3)
    ).loss(logits, label: 1, teacher: weight > 0 ? teacher : nil, batch: 1, gradient: &gradient)
    return (loss, gradient)
  }

  @Test(
    "values of PyTorch's cross_entropy and kl_div",
    arguments: [(0, 0, 3.545642330), (0.1, 0, 3.401892330), (0, 0.5, 2.529184172)]
  )
  func values(smoothing: Double, weight: Double, expected: Double) {
    #expect(abs(Self.loss(Self.logits, smoothing: smoothing, weight: weight).0 - expected) <= 5e-7)
  }

  @Test("the gradient is the derivative", arguments: [(0.0, 0.0), (0.1, 0.0), (0.1, 0.7)])
  func derivative(smoothing: Double, weight: Double) {
    let gradient = Self.loss(Self.logits, smoothing: smoothing, weight: weight).1
    for index in Self.logits.indices {
      func loss(_ change: Double) -> Double {
        var moved = Self.logits
        moved[index] += change
        return Self.loss(moved, smoothing: smoothing, weight: weight).0
      }
      let difference = (loss(1e-5) - loss(-1e-5)) / 2e-5
      #expect(abs(difference - gradient[index]) <= 1e-7 * max(0.1, abs(gradient[index])))
    }
  }
}
