import Binade

/// The kernels as closures that run once: the only place that knows their API.
enum BenchWorkloads {
  /// A matrix product of operands that are already what the kernel multiplies; packing both and allocating the
  /// result belong to the run.
  static func product(_ sizes: MatrixSizes, _ formats: BenchFormatPair, threads: Int) -> BenchWorkload {
    let operands = BenchOperands(
      formats,
      weightCount: sizes.rows * sizes.depth,
      activationCount: sizes.depth * sizes.columns,
      depth: sizes.depth
    )
    let (m, k, n) = (sizes.rows, sizes.depth, sizes.columns)
    let kernel: String
    let run: () -> Float
    switch operands.values {
    case .floats(let weights, let activations):
      kernel = KernelTable.float32().name
      run = {
        GEMM.multiply(weights, activations, rows: m, depth: k, columns: n, threads: threads)[m * n / 2]
      }
    case .integers(let weights, let activations):
      kernel = KernelTable.int16().name
      run = {
        Float(GEMM.multiply(weights, activations, rows: m, depth: k, columns: n, threads: threads)[m * n / 2])
      }
    }
    return BenchWorkload(
      name: sizes.name,
      datapath: operands.datapath.rawValue,
      kernel: kernel,
      workCount: sizes.multiplyAccumulateCount,
      unit: .multiplyAccumulates,
      multiplyAccumulateCount: sizes.multiplyAccumulateCount,
      run: run
    )
  }

  /// A convolution of a batch, weights packed before, images padded in the run: from images without rim to
  /// sums, as a library's convolution does it.
  static func convolution(
    _ sizes: ConvolutionSizes,
    _ formats: BenchFormatPair,
    threads: Int
  ) -> BenchWorkload {
    let shape = sizes.shape
    let operands = BenchOperands(
      formats,
      weightCount: shape.outputChannels * shape.depth,
      activationCount: sizes.batch * shape.inputCount,
      depth: shape.depth
    )
    let kernel: String
    let run: () -> Float
    switch operands.values {
    case .floats(let weights, let images):
      let convolution = FloatConvolution(shape: shape, weights: weights, kernel: KernelTable.float32())
      kernel = convolution.kernelName
      let batch = BenchBatch<Float, Float>(sizes, images: images, threads: threads)
      run = { batch.run(convolution.run) }
    case .integers(let weights, let images):
      let convolution = IntegerConvolution(shape: shape, weights: weights, kernel: KernelTable.int16())
      kernel = convolution.kernelName
      let batch = BenchBatch<Int16, Int32>(sizes, images: images, threads: threads)
      run = { Float(batch.run(convolution.run)) }
    }
    return BenchWorkload(
      name: sizes.name,
      datapath: operands.datapath.rawValue,
      kernel: kernel,
      workCount: sizes.multiplyAccumulateCount,
      unit: .multiplyAccumulates,
      multiplyAccumulateCount: sizes.multiplyAccumulateCount,
      run: run
    )
  }

  /// A network over images, from their bytes to the ranks of the right classes.
  static func network(_ experiment: Experiment, _ configuration: Configuration) throws -> BenchWorkload {
    let network = try experiment.compile(configuration)
    let evaluator = experiment.evaluator
    let datapaths = Set(network.explanation.map(\.datapath.rawValue)).sorted()
    let kernels = Set(network.explanation.map(\.kernel)).sorted()
    let layers = experiment.model.network.layers
    let perImage = layers.reduce(0) { $0 + $1.shape.multiplyAccumulateCount }
    return BenchWorkload(
      name: "\(experiment.model.name), \(experiment.imageCount) images",
      datapath: datapaths.joined(separator: "+"),
      kernel: kernels.joined(separator: "+"),
      workCount: experiment.imageCount,
      unit: .images,
      multiplyAccumulateCount: perImage * experiment.imageCount,
      facts: ["top1Count": evaluator.predictions(of: network).top1Count],
      run: { Float(evaluator.predictions(of: network).top1Count) }
    )
  }
}
