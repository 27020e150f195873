import Binade

/// The kernels as closures that run once: the only place that knows their API.
enum BenchWorkloads {
  /// A product of activations, as rows, with weights, as columns.
  ///
  /// In formats activations are codes when the run begins and the weights have been packed before, as in a layer. Of
  /// float32, `packsWeights` says whether the weights are packed in the run, as BLAS does it, or before.
  static func product(
    _ sizes: MatrixSizes,
    _ formats: BenchFormatPair,
    packsWeights: Bool = true,
    threads: Int
  ) throws -> BenchWorkload {
    let operands = BenchOperands(
      formats,
      weightCount: sizes.depth * sizes.columns,
      activationCount: sizes.rows * sizes.depth
    )
    let (m, k, n) = (sizes.rows, sizes.depth, sizes.columns)
    guard let left = operands.activations.format, let right = operands.weights.format else {
      return floatProduct(sizes, operands, packsWeights: packsWeights, threads: threads)
    }
    let product = try CodedProduct(activations: left, weights: right, depth: k)
    let activations = operands.activations.matrix(rows: m, columns: k)
    let weights = product.pack(operands.weights.matrix(rows: k, columns: n))
    return workload(sizes, product.datapath, product.kernelName) {
      product.multiply(activations, weights, threads: threads)[m * n / 2]
    }
  }

  private static func floatProduct(
    _ sizes: MatrixSizes,
    _ operands: BenchOperands,
    packsWeights: Bool,
    threads: Int
  ) -> BenchWorkload {
    let (m, k, n) = (sizes.rows, sizes.depth, sizes.columns)
    let result = BenchBuffer([Float](repeating: 0, count: m * n))
    let (activations, weights) = (operands.activations.rounded, operands.weights.rounded)
    let kernel = KernelTable.float32().name
    if packsWeights {
      return workload(sizes, .float32, kernel) {
        GEMM.multiply(
          activations,
          weights,
          into: result.start,
          rows: m,
          depth: k,
          columns: n,
          threads: threads
        )
        return result.start[m * n / 2]
      }
    }
    let packed = PackedMatrix(weights, depth: k, columns: n)
    return workload(sizes, .float32, kernel) {
      GEMM.multiply(activations, packed, into: result.start, rows: m, threads: threads)
      return result.start[m * n / 2]
    }
  }

  /// A convolution of a batch, weights packed before, codes of images decoded and padded in the run: from images
  /// without rim to sums with bias, as a library's convolution does it.
  static func convolution(
    _ sizes: ConvolutionSizes,
    _ formats: BenchFormatPair,
    threads: Int
  ) -> BenchWorkload {
    let shape = sizes.shape
    let operands = BenchOperands(
      formats,
      weightCount: shape.outputChannels * shape.depth,
      activationCount: sizes.batch * shape.inputCount
    )
    let layer = BenchConvolution(shape, operands, threads: threads)
    let output = BenchBuffer([Float](repeating: 0, count: sizes.batch * shape.outputCount))
    return BenchWorkload(
      name: sizes.name,
      datapath: layer.datapath.rawValue,
      kernel: layer.kernelName,
      workCount: sizes.multiplyAccumulateCount,
      unit: .multiplyAccumulates,
      multiplyAccumulateCount: sizes.multiplyAccumulateCount,
      run: {
        layer.run(imageCount: sizes.batch, into: output.start)
        return output.start[sizes.batch * shape.outputCount / 2]
      }
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
