import BinadeKernels
import BinadeNetworks
import BinadeQuantization

/// How far a format is from the best codebook of as many levels, for one tensor of a network.
public struct TensorRegret: Sendable, Codable {
  /// Which tensor of a layer.
  public enum Tensor: String, Sendable, Codable, CaseIterable {
    case weights
    case activations
  }

  /// As in the weight file.
  public let layer: String
  /// Weights, or the input.
  public let tensor: Tensor
  /// The quantizer.
  public let quantizer: String
  /// The mean squared error at the scales that calibration found, over the channels that count.
  public let meanSquaredError: Double
  /// That of the best codebook of as many levels, one for every scale of the quantizer.
  public let leastMeanSquaredError: Double
  /// The ratio of the two; nil where no channel counts.
  public let regret: Double?
  /// Channels that do not count: they have no more different values than the format has levels, so that a codebook has a level for
  /// each of them and no error, whatever the format's is.
  public let leftOutChannelCount: Int
}

extension Experiment {
  /// The regret of every quantized tensor: all weights, and the sample of each layer's input that calibration keeps.
  ///
  /// Formats of more than 16 bits, which cannot be listed, have none; nor have block formats: a block of 16 or 32 values has
  /// about as many as a codebook of its own would have levels.
  ///
  /// - Complexity: for each tensor as `LloydMaxCodebook`.
  public func regrets(
    of configuration: Configuration,
    threads: Int,
    progress: @Sendable (Int) -> Void = { _ in }
  ) throws -> [TensorRegret] {
    if configuration.quantizesActivations, statistics == nil { throw ExperimentError.noCalibrationImages }
    let layers = model.network.layers
    let assignments = try configuration.assignments(layers.map(\.name))
    var jobs: [(layer: Int, tensor: TensorRegret.Tensor, quantizer: Quantizer, samples: [TensorSample])] = []
    for (index, layer) in layers.enumerated() {
      let samples = statistics?.samples[index] ?? []
      let input = try assignments[index].activations.map {
        try Quantizer(
          $0,
          samples: samples,
          operand: .activations,
          name: "\(layer.name).input",
          cache: cache
        )
      }
      let absorbed = assignments[index].absorbsInputScales ? layer.absorbing(input) : layer
      if let quantizer = try assignments[index].weightQuantizer(absorbed, tensor: 0, cache: cache) {
        jobs.append((index, .weights, quantizer, absorbed.weightSamples))
      }
      if let input { jobs.append((index, .activations, input, samples)) }
    }
    let found = ParallelLoop.map(count: jobs.count, threads: threads) { place -> TensorRegret? in
      let job = jobs[place]
      defer { progress(1) }
      let specification =
        job.tensor == .weights ? assignments[job.layer].weights : assignments[job.layer].activations
      return Self.regret(job.samples, job.quantizer).map { sums in
        TensorRegret(
          layer: layers[job.layer].name,
          tensor: job.tensor,
          quantizer: specification?.description ?? "float32",
          meanSquaredError: sums.error,
          leastMeanSquaredError: sums.least,
          regret: sums.least > 0 ? sums.error / sums.least : nil,
          leftOutChannelCount: sums.leftOut
        )
      }
    }
    return found.compactMap { $0 }
  }

  /// Mean squared errors over all channels; one codebook for every scale.
  private static func regret(_ samples: [TensorSample], _ quantizer: Quantizer) -> (
    error: Double, least: Double, leftOut: Int
  )? {
    guard quantizer.blocks == nil, let rungs = quantizer.codec.rungs else { return nil }
    let levelCount = Set(rungs.map(\.value)).count
    let groups =
      !quantizer.scales.isPerChannel ? [samples.flatMap(\.values)] : samples.map(\.values)
    var (error, least, count, leftOut) = (0.0, 0.0, 0.0, 0)
    for (channel, values) in groups.enumerated() where !values.isEmpty {
      guard hasMoreValues(values, than: levelCount) else {
        leftOut += 1
        continue
      }
      guard let regret = Regret(values, quantizer: quantizer, channel: channel) else { return nil }
      error += regret.meanSquaredError * Double(values.count)
      least += regret.leastMeanSquaredError * Double(values.count)
      count += Double(values.count)
    }
    if count == 0 { return leftOut > 0 ? (0, 0, leftOut) : nil }
    return (error / count, least / count, leftOut)
  }

  /// Whether there are more than `count` different values; stops as soon as they are found.
  private static func hasMoreValues(_ values: [Float], than count: Int) -> Bool {
    guard values.count > count else { return false }
    var different: Set<Float> = []
    for value in values {
      different.insert(value)
      if different.count > count { return true }
    }
    return false
  }
}
