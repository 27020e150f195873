import Binade
import Testing

/// Recipes on integer kernels against the same recipes in float32, on what the codes stand for.
@Suite struct IntegerRecipeTests {
  @Test(
    "one range per input: integers, with the float32 logits",
    arguments: ["naive", "best+tensor", "aciq+tensor"]
  )
  func logits(recipe: String) throws {
    let experiment = try ExperimentTests.experiment(limit: 40)
    let quantizer = try PostTrainingTests.quantizer(experiment, recipe)
    let integers = try CompiledNetwork(quantizer.network, quantized: quantizer.layers)
    let layers = quantizer.layers.map { layer in
      var layer = layer
      // Putting the same weights in again leaves the steps out: float32.
      layer.weights = Array(layer.weights)
      return layer
    }
    let floats = try CompiledNetwork(quantizer.network, quantized: layers)
    #expect(integers.explanation.allSatisfy { [.integer4, .integer8, .integer16].contains($0.datapath) })
    #expect(floats.explanation.allSatisfy { $0.datapath == .float32 })
    let (found, expected) = (
      experiment.evaluator.logits(of: integers, limit: 40), experiment.evaluator.logits(of: floats, limit: 40)
    )
    let greatest = expected.map(abs).max() ?? 0
    // An activation next to the middle of two steps may fall to the other side: a step, not a wrong scale.
    let errors = zip(found, expected).map { abs($0 - $1) / greatest }
    #expect(errors.reduce(0, +) / Float(errors.count) < 1e-3, "\(errors.max() ?? 0)")
    for index in layers.indices {
      #expect(integers.weightError(ofLayer: index) == floats.weightError(ofLayer: index))
    }
  }

  @Test("a range per input channel, corrected, split and vector weights: float32, and the row says why")
  func float32() throws {
    let experiment = try ExperimentTests.experiment(limit: 2)
    for (recipe, words) in [
      ("aciq", "scales of input channels cannot leave an integer sum"), ("naive+bias", "are no whole steps"),
      ("naive+split", "are no whole steps"),
    ] {
      let quantizer = try PostTrainingTests.quantizer(experiment, recipe)
      let network = try CompiledNetwork(quantizer.network, quantized: quantizer.layers)
      let middle = network.explanation[1]
      #expect(middle.datapath == .float32 && middle.reason.contains(words), "\(recipe): \(middle.reason)")
    }
  }

  @Test("whole steps hold bits and zero points of their own per channel")
  func steps() throws {
    let quantizers = [
      AffineQuantizer(lower: -0.5, range: 1.5, bitWidth: 4),
      AffineQuantizer(lower: -3, range: 4, bitWidth: 2),
      AffineQuantizer(lower: 0, range: 0, bitWidth: 0),
    ]
    let rows: [[Double]] = [[-0.5, 0, 0.31, 1], [-3, 1, 0.9, -0.2], [0, 0.1, -4, 7]]
    let steps = WholeSteps(
      zip(quantizers, rows).map { quantizer, row in (quantizer, row.map(quantizer.encode)) }
    )
    let codec = try FormatCodec(steps.format())
    for (channel, row) in rows.enumerated() {
      for (place, value) in row.enumerated() {
        let found = codec.decode(steps.codes[channel * 4 + place]) * steps.scales[channel]
        #expect(abs(found - Float(quantizers[channel].fakeQuantize(value))) <= 1e-6)
      }
    }
    #expect(steps.bitWidth == 5)
  }
}
