import Binade

extension BenchWorkloads {
  /// A float32 network with drawn weights on a batch of drawn images, in one session on one thread.
  static func network(_ architecture: any Architecture, batch: Int) -> BenchWorkload {
    let network = CompiledNetwork(FoldedNetwork(architecture.graph, randomWeights: 1))
    let session = InferenceSession(network, capacity: batch)
    let images = BenchNumbers.normal(network.folded.inputShape.count, tensor: 3)
    let perImage = network.folded.layers.reduce(0) { $0 + $1.shape.multiplyAccumulateCount }
    return BenchWorkload(
      name: "\(architecture.name), batch \(batch)",
      datapath: Datapath.float32.rawValue,
      kernel: Set(network.explanation.map(\.kernel)).sorted().joined(separator: "+"),
      workCount: batch,
      unit: .images,
      multiplyAccumulateCount: perImage * batch,
      run: {
        // A run overwrites its input.
        for image in 0..<batch { session.input(image).update(from: images, count: images.count) }
        return session.run(imageCount: batch)[0]
      }
    )
  }
}
