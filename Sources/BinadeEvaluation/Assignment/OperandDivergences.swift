import BinadeNetworks
import BinadeNumerics
import BinadeQuantization

/// What each operand of each layer loses alone in each format: the mean divergence of the outputs from float32's, the rest of the
/// network in float32.
///
/// Labels are not looked at. Divergences are in nats (``SoftmaxDivergence``).
public struct OperandDivergences: Sendable {
  /// The layers, first to last.
  public let layers: [String]
  /// The formats of weights and of inputs; nil is float32.
  public let weightFormats: [QuantizerSpecification?], inputFormats: [QuantizerSpecification?]
  /// Of the weights and of the inputs; infinite where a tensor cannot be quantized, or outputs are not finite.
  ///
  /// - Shape: layers x formats.
  public let weights: [[Double]], inputs: [[Double]]
  /// How many images they are means over, and what these are called.
  public let imageCount: Int, imageName: String
  /// What could not be quantized, and why.
  public let failures: [String]
}

extension Experiment {
  /// Quantizes one operand of one layer at a time and runs the network on the first `imageCount` images that recipes round by, which
  /// are training images where there are some.
  ///
  /// `progress`: called from any thread with a number of images just done, of ``divergenceImageCount(weights:inputs:imageCount:)``.
  ///
  /// Throws ``ExperimentError`` without images.
  public func operandDivergences(
    weights: [QuantizerSpecification?],
    inputs: [QuantizerSpecification?],
    imageCount: Int,
    progress: @Sendable (Int) -> Void = { _ in }
  ) throws -> OperandDivergences {
    let images = roundingImages.prefix(imageCount)
    guard images.count > 0, let statistics else { throw ExperimentError.noCalibrationImages }
    let evaluator = Evaluator(images: images, normalization: model.normalization, threads: evaluator.threads)
    let names = model.network.layers.map(\.name)
    let reference = evaluator.logits(of: CompiledNetwork(model.network), progress: progress)
    let classCount = reference.count / images.count
    var failures: [String] = []
    func divergence(_ layer: Int, _ assignment: LayerAssignment, _ format: QuantizerSpecification) -> Double {
      var assignments = names.map { _ in LayerAssignment() }
      assignments[layer] = assignment
      do {
        let network = try CompiledNetwork(
          model.network,
          assignments: assignments,
          statistics: statistics,
          cache: cache
        )
        let logits = evaluator.logits(of: network, progress: progress)
        return Self.meanDivergence(of: logits, from: reference, classCount: classCount)
      } catch {
        failures.append("\(names[layer]), \(format.format.name): \(error)")
        return .infinity
      }
    }
    func table(
      _ formats: [QuantizerSpecification?],
      _ assignment: (QuantizerSpecification) -> LayerAssignment
    ) -> [[Double]] {
      names.indices.map { layer in
        formats.map { format in format.map { divergence(layer, assignment($0), $0) } ?? 0 }
      }
    }
    return OperandDivergences(
      layers: names,
      weightFormats: weights,
      inputFormats: inputs,
      weights: table(weights) { LayerAssignment(weights: $0) },
      inputs: table(inputs) { LayerAssignment(activations: $0) },
      imageCount: images.count,
      imageName: images.name,
      failures: failures
    )
  }

  /// Images that go through the network for divergences, for progress.
  public func divergenceImageCount(
    weights: [QuantizerSpecification?],
    inputs: [QuantizerSpecification?],
    imageCount: Int
  ) -> Int {
    let formats = (weights + inputs).count { $0 != nil }
    return min(imageCount, roundingImages.count) * (1 + model.network.layers.count * formats)
  }

  private static func meanDivergence(of logits: [Float], from reference: [Float], classCount: Int) -> Double {
    logits.withUnsafeBufferPointer { logits in
      reference.withUnsafeBufferPointer { reference in
        let starts = stride(from: 0, to: reference.count, by: classCount)
        return starts.reduce(0.0) { sum, start in
          sum
            + SoftmaxDivergence.divergence(
              of: UnsafeBufferPointer(rebasing: logits[start..<start + classCount]),
              from: UnsafeBufferPointer(rebasing: reference[start..<start + classCount])
            )
        } / Double(reference.count / classCount)
      }
    }
  }
}
