import Binade

/// The kernels as closures that run once: the only place that knows their API.
enum BenchWorkloads {
  /// A product of activations, as rows, with weights, as columns.
  ///
  /// Of float32, both operands are packed in the run, as BLAS does it. In other formats activations are codes when the
  /// run begins and the weights have been packed before, as in a layer.
  static func product(_ sizes: MatrixSizes, _ formats: BenchFormatPair, threads: Int) throws -> BenchWorkload
  {
    let operands = BenchOperands(
      formats,
      weightCount: sizes.depth * sizes.columns,
      activationCount: sizes.rows * sizes.depth
    )
    let (m, k, n) = (sizes.rows, sizes.depth, sizes.columns)
    let (datapath, kernel): (Datapath, String)
    let run: () -> Float
    if let left = operands.activations.format, let right = operands.weights.format {
      let product = try CodedProduct(activations: left, weights: right, depth: k)
      (datapath, kernel) = (product.datapath, product.kernelName)
      let activations = operands.activations.matrix(rows: m, columns: k)
      let weights = product.pack(operands.weights.matrix(rows: k, columns: n))
      run = { product.multiply(activations, weights, threads: threads)[m * n / 2] }
    } else {
      (datapath, kernel) = (.float32, KernelTable.float32().name)
      let result = BenchBuffer([Float](repeating: 0, count: m * n))
      let (activations, weights) = (operands.activations.rounded, operands.weights.rounded)
      run = {
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
    return BenchWorkload(
      name: sizes.name,
      datapath: datapath.rawValue,
      kernel: kernel,
      workCount: sizes.multiplyAccumulateCount,
      unit: .multiplyAccumulates,
      multiplyAccumulateCount: sizes.multiplyAccumulateCount,
      run: run
    )
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
