import BinadeQuantization

/// Runs a compiled network on one image at a time; one session per thread.
public final class InferenceSession {
  /// Called with the index of a layer and its input before the layer is computed.
  public typealias Observer = (Int, UnsafeBufferPointer<Float>) -> Void

  private let network: CompiledNetwork
  private let buffers: [UnsafeMutablePointer<Float>]
  private let scratch: LayerScratch

  /// Allocates the buffers of `network`.
  public init(_ network: CompiledNetwork) {
    self.network = network
    buffers = network.plan.capacities.map { .allocate(capacity: $0) }
    scratch = LayerScratch(for: network.engines.map(\.shape))
  }

  deinit {
    for buffer in buffers { buffer.deallocate() }
  }

  /// Where the image goes before ``run(observer:)``.
  ///
  /// - Shape: as many elements as the network's input.
  public var input: UnsafeMutablePointer<Float> { buffers[network.plan.bufferOfStep[0]] }

  /// Computes the logits of the image in ``input``, which is overwritten.
  ///
  /// - Shape: one logit per class; valid until the next run.
  public func run(observer: Observer? = nil) -> UnsafeBufferPointer<Float> {
    let steps = network.folded.steps
    for (index, step) in steps.enumerated() {
      let output = buffer(ofStep: index)
      switch step.operation {
      case .input:
        continue
      case .layer(let layer):
        let source = buffer(ofStep: step.inputs[0])
        let engine = network.engines[layer]
        observer?(layer, UnsafeBufferPointer(start: source, count: engine.shape.inputCount))
        engine.run(source, into: output, scratch: scratch, appliesReLU: step.appliesReLU)
      case .maxPool(let window, let stride, let padding):
        FeatureMaps.maxPool(
          buffer(ofStep: step.inputs[0]),
          steps[step.inputs[0]].shape,
          into: output,
          step.shape,
          window: window,
          stride: stride,
          padding: padding
        )
      case .globalAveragePool:
        FeatureMaps.average(
          buffer(ofStep: step.inputs[0]),
          steps[step.inputs[0]].shape,
          into: output
        )
      case .add:
        FeatureMaps.add(
          buffer(ofStep: step.inputs[0]),
          buffer(ofStep: step.inputs[1]),
          into: output,
          count: step.shape.count,
          appliesReLU: step.appliesReLU
        )
      case .paddedShortcut(let stride):
        FeatureMaps.paddedShortcut(
          buffer(ofStep: step.inputs[0]),
          steps[step.inputs[0]].shape,
          into: output,
          step.shape,
          stride: stride
        )
      }
    }
    let last = steps.count - 1
    return UnsafeBufferPointer(start: buffer(ofStep: last), count: steps[last].shape.count)
  }

  private func buffer(ofStep step: Int) -> UnsafeMutablePointer<Float> {
    buffers[network.plan.bufferOfStep[step]]
  }
}
