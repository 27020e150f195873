import BinadeFormats
import BinadeNetworks
import Foundation
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

  @Test("ReLUs as steps of their own, behind pooling where that reads them, leave the logits as they are")
  func separateReLUs() throws {
    let folded = try Self.network("resnet50")
    let separate = folded.withSeparateReLUs()
    func logits(_ network: FoldedNetwork) -> [UInt32] {
      let session = InferenceSession(CompiledNetwork(network))
      for index in 0..<folded.inputShape.count { session.input()[index] = Float(index % 23 - 11) / 7 }
      return session.run().map(\.bitPattern)
    }
    #expect(logits(separate) == logits(folded))
    // All inputs but the image and the pooled features come out of a ReLU, those behind the first pooling too.
    let sources = separate.inputReLUs
    #expect(sources.indices.filter { sources[$0] == nil } == [0, folded.layers.count - 1])
    #expect(folded.inputReLUs.allSatisfy { $0 == nil })
  }

  @Test(
    "data-free correction is refused where no batch norm tells the means: behind pooling of greatest values"
  )
  func dataFree() throws {
    let folded = try Self.network("resnet50")
    let target = LayerTarget(
      weights: .element(try FormatCatalog().format(named: "int4")),
      activations: nil
    )
    let scratch = try ScratchFolder()
    _ = try scratch.write(Data(count: 3073), as: "test_batch.bin")
    let images = try DatasetFolder(scratch.url).evaluation
    #expect(throws: PostTrainingError.noBatchNormalization(layer: folded.layers[1].name)) {
      try PostTrainingQuantizer(
        folded,
        recipe: PostTrainingRecipe(parsing: "dfq"),
        targets: folded.layers.map { _ in target },
        images: images,
        normalization: Normalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1]),
        threads: 1
      )
    }
  }
}
