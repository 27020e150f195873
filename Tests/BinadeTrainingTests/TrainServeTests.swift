import BinadeKernels
import BinadeNetworks
import BinadeTraining
import Testing

/// The deployed network gives the bits of the training network.
@Suite struct TrainServeTests {
  static func logits(_ network: CompiledNetwork, _ graph: NetworkGraph, _ images: [Float]) -> [Float] {
    let session = InferenceSession(network, capacity: 3)
    let size = graph.inputShape.count
    let count = images.count / size
    return stride(from: 0, to: count, by: 3).flatMap { first -> [Float] in
      let group = first..<min(first + 3, count)
      for image in group {
        session.input(image - first).update(
          from: Array(images[image * size..<(image + 1) * size]),
          count: size
        )
      }
      return Array(session.run(imageCount: group.count, firstImage: first))
    }
  }

  @Test(
    "float32: batch norm in the epilogue is the training forward with running statistics, bit for bit",
    arguments: TrainingPassTests.networks
  )
  func float(name: String) throws {
    let graph = TrainingPassTests.graph(name)
    let (images, labels) = TrainingPassTests.images(graph, 7)
    var recipe = TrainingRecipe()
    recipe.batch = 1
    let trainer = try Trainer(
      graph,
      TrainingPassTests.parameters(graph),
      images: TestImages.of(graph, count: 1),
      normalization: TestImages.normalization(graph),
      recipe: recipe,
      threads: 2
    )
    for _ in 0..<3 {
      try trainer.step(images: images, labels: labels, values: StepValues(learningRate: 0.05, momentum: 0.9))
    }
    let served = Self.logits(
      CompiledNetwork(FoldedNetwork(graph, trainer.parameters, placement: .epilogue)),
      graph,
      images
    )
    let trained = trainer.logits(images: images, usesRunningStatistics: true)
    #expect(served == trained)
    // Folded into the weights it is the same function, with other roundings.
    let folded = Self.logits(CompiledNetwork(FoldedNetwork(graph, trainer.parameters)), graph, images)
    let greatest = trained.map(abs).max() ?? 0
    #expect(folded != trained)
    #expect(zip(folded, trained).allSatisfy { abs($0 - $1) <= 1e-4 * greatest })
    // Another S and B would show.
    #expect(trainer.logits(images: images, usesRunningStatistics: false) != trained)
  }
}
