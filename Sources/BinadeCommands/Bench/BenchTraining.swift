import Binade

/// Training as closures that run once.
enum BenchTraining {
  /// The products of a step.
  enum Product: String, CaseIterable {
    case forward = "forward products"
    case data = "gradients of inputs"
    case weights = "gradients of weights"
  }

  /// A whole step on drawn images with drawn weights.
  static func step(_ architecture: ResNet, batch: Int, threads: Int, isFused: Bool) throws -> BenchWorkload {
    let graph = architecture.graph
    let generator = CounterGenerator(seed: 1)
    let pixels = (0..<batch * graph.inputShape.count).map {
      Float(generator.word(of: UInt64($0))) / 0x1p31 - 1
    }
    let labels = (0..<batch).map { $0 % graph.outputCount }
    var recipe = TrainingRecipe()
    recipe.batch = 1
    let trainer = try Trainer(
      graph,
      NetworkParameters(graph, seed: 0),
      images: ImageDataset(
        name: "drawn",
        imageShape: graph.inputShape,
        classCount: graph.outputCount,
        images: [UInt8](repeating: 0, count: graph.inputShape.count),
        labels: [0]
      ),
      normalization: Normalization(
        mean: [Float](repeating: 0, count: graph.inputShape.channels),
        standardDeviation: [Float](repeating: 1, count: graph.inputShape.channels)
      ),
      recipe: recipe,
      isFused: isFused,
      threads: threads
    )
    let layers = graph.weightedLayers
    let perImage = layers.reduce(0) { $0 + 3 * $1.shape.multiplyAccumulateCount }
    // The first layer's inputs need no gradient.
    let first = layers.first?.shape.multiplyAccumulateCount ?? 0
    return BenchWorkload(
      name: "step, batch \(batch)",
      datapath: Datapath.float32.rawValue,
      kernel: trainer.kernelName,
      workCount: batch,
      unit: .images,
      multiplyAccumulateCount: batch * (perImage - first),
      run: {
        // A rate that keeps numbers as they are, however often this runs.
        let values = StepValues(learningRate: 1e-6, momentum: 0.9)
        guard let report = try? trainer.step(images: pixels, labels: labels, values: values) else {
          preconditionFailure("a step on drawn images must succeed")
        }
        return Float(report.loss)
      }
    )
  }

  /// One of the products of all layers, shard by shard as training runs it, on padded images that are ready.
  static func products(_ product: Product, _ architecture: ResNet, batch: Int, threads: Int) -> BenchWorkload
  {
    let layers = architecture.graph.weightedLayers.dropFirst(product == .data ? 1 : 0).map {
      TrainableConvolution($0.shape)
    }
    let jobs = layers.map { BenchGradient($0, batch: batch) }
    let count = batch * layers.reduce(0) { $0 + $1.shape.multiplyAccumulateCount }
    return BenchWorkload(
      name: "\(product.rawValue), batch \(batch)",
      datapath: Datapath.float32.rawValue,
      kernel: layers.first?.kernelName ?? "none",
      workCount: count,
      unit: .multiplyAccumulates,
      multiplyAccumulateCount: count,
      run: { jobs.reduce(0) { $0 + $1.run(product, threads: threads) } }
    )
  }
}

/// The products of one layer.
final class BenchGradient {
  private let convolution: TrainableConvolution
  private let weights: TrainableConvolution.Weights
  private let batch: Int
  private let images: BenchBuffer<Float>
  private let gradients: BenchBuffer<Float>
  private let sums: BenchBuffer<Float>

  /// Images of a unit of parallel work.
  private static let shard = 8

  init(_ convolution: TrainableConvolution, batch: Int) {
    self.convolution = convolution
    self.batch = batch
    let shape = convolution.shape
    let generator = CounterGenerator(seed: 2)
    func numbers(_ count: Int) -> [Float] {
      (0..<count).map { Float(generator.word(of: UInt64($0 % 9973))) / 0x1p31 - 1 }
    }
    weights = convolution.pack(numbers(shape.outputChannels * shape.depth), needsDataGradient: true)
    images = BenchBuffer(numbers(batch * shape.paddedInputCount + ConvolutionShape.readAhead))
    gradients = BenchBuffer(
      numbers(batch * convolution.dataGradient.paddedCount + ConvolutionShape.readAhead)
    )
    let shards = (batch + Self.shard - 1) / Self.shard
    sums = BenchBuffer([Float](repeating: 0, count: shards * convolution.weightGradient.count))
  }

  func run(_ product: BenchTraining.Product, threads: Int) -> Float {
    let shape = convolution.shape
    let layout = WeightGradient.Layout(shape, rim: convolution.dataGradient.rim)
    let found = ParallelLoop.map(count: (batch + Self.shard - 1) / Self.shard, threads: threads) {
      index -> Float in
      let first = index * Self.shard
      let count = min(Self.shard, batch - first)
      let image = images.start + first * shape.paddedInputCount
      let gradient = gradients.start + first * convolution.dataGradient.paddedCount
      var last: Float = 0
      switch product {
      case .forward:
        convolution.forward(image, weights, imageCount: count) { _, sums, _ in last = sums[0] }
      case .data:
        guard let panels = weights.backward else { return 0 }
        convolution.dataGradient.run(gradient, panels, imageCount: count) { last = $0.sums[0] }
      case .weights:
        let target = sums.start + index * convolution.weightGradient.count
        convolution.weightGradient.accumulate(image, gradient, layout, imageCount: count, into: target)
        last = target[0]
      }
      return last
    }
    return found.reduce(0, +)
  }
}
