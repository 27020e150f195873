import BinadeNetworks
import Testing

@Suite struct RandomNetworkTests {
  private static func network(_ name: String, seed: UInt64 = 1) throws -> FoldedNetwork {
    FoldedNetwork(try ArchitectureName.resolve(name).graph, randomWeights: seed)
  }

  @Test("weights are those of the seed, with variance 2 / depth")
  func weights() throws {
    let (network, again, other) = (
      try Self.network("resnet8-cifar"), try Self.network("resnet8-cifar"),
      try Self.network("resnet8-cifar", seed: 2)
    )
    for (index, layer) in network.layers.enumerated() {
      #expect(layer.weights == again.layers[index].weights)
      #expect(layer.weights != other.layers[index].weights)
      let count = Double(layer.weights.count)
      let variance = layer.weights.reduce(0) { $0 + Double($1) * Double($1) } / count
      // The variance of a mean of squares of normal numbers is 2 / count; six deviations.
      let expected = 2 / Double(layer.shape.depth)
      #expect(abs(variance / expected - 1) < 6 * (2 / count).squareRoot() + 1e-5, "\(layer.name)")
      // Folding divides by sqrt(1 + 1e-5) and leaves no bias.
      #expect(layer.bias.allSatisfy { $0 == 0 })
    }
  }

  @Test("a session's memory is fixed when it is made: ResNet-50 at batch 8 within a gigabyte, weights twice")
  func memory() throws {
    let folded = try Self.network("resnet50")
    let network = CompiledNetwork(folded)
    let session = InferenceSession(network, capacity: 8)
    let weights = folded.layers.reduce(0) { $0 + $1.weights.count } * MemoryLayout<Float>.size
    #expect(weights > 100_000_000)
    #expect(session.byteCount + 2 * weights < 1_000_000_000, "\(session.byteCount) bytes and weights twice")
    let single = InferenceSession(network)
    #expect(single.byteCount * 8 >= session.byteCount)
    for image in 0..<8 {
      session.input(image).update(repeating: Float(image), count: folded.inputShape.count)
    }
    let logits = Array(session.run(imageCount: 8))
    #expect(logits.count == 8000 && logits.allSatisfy(\.isFinite))
    single.input().update(repeating: 5, count: folded.inputShape.count)
    #expect(Array(single.run()) == Array(logits[5000..<6000]))
  }
}
