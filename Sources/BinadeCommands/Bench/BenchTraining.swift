import Binade

/// Training as closures that run once.
enum BenchTraining {
  /// The products of a step.
  enum Product: String, CaseIterable {
    case forward = "forward products"
    case weights = "gradients of weights"
    case backward = "gradients of weights and inputs"
  }

  /// A whole step on drawn images with drawn weights.
  ///
  /// `settings`: of the recipe, for what operands are quantized to.
  static func step(
    _ architecture: any Architecture,
    _ precision: ProductPrecision = .float32,
    settings: [(String, String)] = [],
    _ catalog: FormatCatalog? = nil,
    batch: Int,
    threads: Int,
    fusions: TrainingFusions = .all
  ) throws -> BenchWorkload {
    let graph = architecture.graph
    let generator = CounterGenerator(seed: 1)
    let pixels = (0..<batch * graph.inputShape.count).map {
      Float(generator.word(of: UInt64($0))) / 0x1p31 - 1
    }
    let labels = (0..<batch).map { $0 % graph.outputCount }
    var recipe = TrainingRecipe()
    recipe.batch = 1
    recipe.precision = precision
    // Tracked scales are those of the first step.
    recipe.trackedShare = 0
    for (key, value) in settings { try recipe.set(key, to: value) }
    let layers = graph.weightedLayers
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
      quantization: try catalog.map { try recipe.quantization(layers.map(\.name), $0) } ?? [],
      fusions: fusions,
      threads: threads
    )
    let perImage = layers.reduce(0) { $0 + 3 * $1.shape.multiplyAccumulateCount }
    // The first layer's inputs need no gradient.
    let first = layers.first?.shape.multiplyAccumulateCount ?? 0
    return BenchWorkload(
      name: "step, batch \(batch)",
      datapath: precision.rawValue,
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

  /// One of the products of all layers, shard by shard as training runs it, with the operands made from maps without a rim.
  static func products(
    _ product: Product,
    _ architecture: any Architecture,
    _ precision: ProductPrecision,
    batch: Int,
    threads: Int
  ) -> BenchWorkload {
    let layers = architecture.graph.weightedLayers.map {
      TrainableConvolution($0.shape, precision: precision)
    }
    let jobs = layers.map { BenchGradient($0, precision, batch: batch) }
    let sweeps = product == .backward ? 2 : 1
    let count = sweeps * batch * layers.reduce(0) { $0 + $1.shape.multiplyAccumulateCount }
    return BenchWorkload(
      name: "\(product.rawValue), batch \(batch)",
      datapath: precision.rawValue,
      kernel: layers.first?.kernelName ?? "none",
      workCount: count,
      unit: .multiplyAccumulates,
      multiplyAccumulateCount: count,
      run: { jobs.reduce(0) { $0 + $1.run(product, threads: threads) } }
    )
  }
}

/// The products of one layer, with what makes their operands.
final class BenchGradient {
  private let convolution: TrainableConvolution
  private let weights: TrainableConvolution.Weights
  private let batch: Int
  private let images: BenchBuffer<Float>
  private let gradients: BenchBuffer<Float>
  /// What a map of training holds in this precision.
  private let element: FeatureMap.Element
  private let sums: BenchBuffer<Float>
  private let scratch: BenchBuffer<Float>
  private let scratchCount: Int

  /// Images of a unit of parallel work.
  private static let shard = 8

  private var shardCount: Int { (batch + Self.shard - 1) / Self.shard }

  init(_ convolution: TrainableConvolution, _ precision: ProductPrecision, batch: Int) {
    self.convolution = convolution
    self.batch = batch
    let shape = convolution.shape
    let generator = CounterGenerator(seed: 2)
    func numbers(_ count: Int) -> [Float] {
      (0..<count).map { Float(generator.word(of: UInt64($0 % 9973))) / 0x1p31 - 1 }
    }
    weights = convolution.pack(numbers(shape.outputChannels * shape.depth), needsDataGradient: true)
    element = precision == .bfloat16 ? .bfloat16 : .float32
    images = BenchBuffer(numbers(batch * shape.inputCount))
    gradients = BenchBuffer(numbers(batch * shape.outputCount))
    if element == .bfloat16 {
      for (buffer, count) in [(images, batch * shape.inputCount), (gradients, batch * shape.outputCount)] {
        let values = Array(buffer.slice(0..<count))
        FeatureMap(UnsafeMutableRawPointer(buffer.start), element).write(count, from: values)
      }
    }
    scratchCount = max(
      convolution.forwardScratchCount(imageCount: Self.shard),
      convolution.backwardScratchCount(imageCount: Self.shard)
    )
    let shards = (batch + Self.shard - 1) / Self.shard
    scratch = BenchBuffer([Float](repeating: 0, count: shards * scratchCount))
    sums = BenchBuffer([Float](repeating: 0, count: shards * convolution.weightCount))
  }

  func run(_ product: BenchTraining.Product, threads: Int) -> Float {
    let shape = convolution.shape
    let found = ParallelLoop.map(count: shardCount, threads: threads) { index -> Float in
      let first = index * Self.shard
      let count = min(Self.shard, batch - first)
      let image = FeatureMap(UnsafeMutableRawPointer(images.start), element) + first * shape.inputCount
      let memory = scratch.start + index * scratchCount
      var last: Float = 0
      switch product {
      case .forward:
        convolution.forward(
          weights,
          imageCount: count,
          scratch: memory,
          input: { (image + $0).read($1, $2) },
          finish: { _, sums, _ in last = sums[0] }
        )
      case .backward, .weights:
        let target = sums.start + index * convolution.weightCount
        let upstream = TrainableConvolution.Upstream(
          g: FeatureMap(UnsafeMutableRawPointer(gradients.start), element) + first * shape.outputCount,
          z: nil,
          fill: .identity(channels: shape.outputChannels)
        )
        convolution.backward(
          upstream,
          weights,
          imageCount: count,
          scratch: memory,
          input: { (image + $0).read($1, $2) },
          sums: target,
          finish: product == .weights ? nil : { last = $0.sums[0] }
        )
        last += target[0]
      }
      return last
    }
    return found.reduce(0, +)
  }
}
