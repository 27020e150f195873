import Binade
import Testing

/// Layers that leave codes for the next, against the same network with float32 values between its layers.
@Suite struct RequantizationTests {
  @Test(
    "logits do not depend on whether layers leave codes; an observer makes them leave values",
    arguments: [
      ("int8", "int8:tensor", 3), ("int8", "float8_e4m3fn:tensor", 3), ("int8", "int4:channel", 3),
      ("int8", "e5m10:tensor", 3), ("bfloat16", "bfloat16:tensor", 3), ("int8", "posit16:tensor", 3),
    ]
  )
  func logits(weights: String, activations: String, expectedCount: Int) throws {
    let experiment = try ExperimentTests.experiment(limit: 6)
    let network = try experiment.compile(
      Configuration(
        weights: ExperimentTests.specification(weights, .channel),
        activations: ExperimentTests.specification(activations, .tensor)
      )
    )
    let images = experiment.evaluator.images
    let session = InferenceSession(network, capacity: images.count)
    func run(_ observer: InferenceSession.Observer?) -> [UInt32] {
      for index in 0..<images.count {
        images.copyImage(index, normalization: experiment.model.normalization, into: session.input(index))
      }
      return session.run(imageCount: images.count, observer: observer).map(\.bitPattern)
    }
    var seen = 0
    let observed = run { _, _ in seen += 1 }
    #expect(seen == network.folded.layers.count * images.count)
    #expect(run(nil) == observed)
    // In each of three blocks, the first convolution is read by the second alone.
    #expect(network.requantizedStepCount == expectedCount)
  }
}
