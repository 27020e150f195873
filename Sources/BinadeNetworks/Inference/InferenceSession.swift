import BinadeQuantization

/// Runs a compiled network on some images at a time; one session per thread.
public final class InferenceSession {
  /// Called with the index of a layer and its input, image by image, before the layer is computed.
  public typealias Observer = (Int, ObservedInput) -> Void

  private let network: CompiledNetwork
  private let buffers: [UnsafeMutablePointer<Float>]
  private let scratch: LayerScratch
  /// The greatest number of images per run.
  public let capacity: Int

  /// Allocates the buffers of `network` for up to `capacity` images.
  ///
  /// - Precondition: `capacity` is positive.
  public init(_ network: CompiledNetwork, capacity: Int = 1) {
    precondition(capacity > 0, "a session needs room for an image, not \(capacity)")
    self.network = network
    self.capacity = capacity
    buffers = network.plan.capacities.map { .allocate(capacity: $0 * capacity) }
    scratch = LayerScratch(for: network.engines.map(\.shape), imageCount: capacity)
  }

  /// Bytes this session has allocated, whatever the number of runs; weights belong to the network.
  public var byteCount: Int {
    network.plan.capacities.reduce(0) { $0 + $1 * capacity * MemoryLayout<Float>.size } + scratch.byteCount
  }

  deinit {
    for buffer in buffers { buffer.deallocate() }
  }

  /// Where image `index` goes before ``run(imageCount:observer:)``.
  ///
  /// - Shape: height x width x channels of the network's input.
  public func input(_ index: Int = 0) -> UnsafeMutablePointer<Float> {
    buffer(ofStep: 0) + index * network.folded.inputShape.count
  }

  /// Computes the logits of the first `imageCount` images of ``input(_:)``, which are overwritten.
  ///
  /// - Shape: imageCount x classes; valid until the next run.
  /// - Precondition: `imageCount` is within the session's capacity.
  public func run(imageCount: Int = 1, observer: Observer? = nil) -> UnsafeBufferPointer<Float> {
    precondition((0...capacity).contains(imageCount), "\(imageCount) images in a session for \(capacity)")
    let steps = network.folded.steps
    for (index, step) in steps.enumerated() {
      if case .layer(let layer) = step.operation {
        run(layer, step, index, imageCount: imageCount, observer)
        continue
      }
      for image in 0..<imageCount { run(step, index, image: image) }
    }
    let last = steps.count - 1
    return UnsafeBufferPointer(start: buffer(ofStep: last), count: imageCount * steps[last].shape.count)
  }

  private func run(
    _ layer: Int,
    _ step: FoldedNetwork.Step,
    _ index: Int,
    imageCount: Int,
    _ observer: Observer?
  ) {
    let source = buffer(ofStep: step.inputs[0])
    let engine = network.engines[layer]
    if let observer {
      for image in 0..<imageCount {
        observer(
          layer,
          ObservedInput(source + image * engine.shape.inputCount, engine.shape)
        )
      }
    }
    engine.run(
      source,
      imageCount: imageCount,
      into: buffer(ofStep: index),
      scratch: scratch,
      appliesReLU: step.appliesReLU,
      addend: step.inputs.count > 1 ? UnsafePointer(buffer(ofStep: step.inputs[1])) : nil
    )
  }

  private func run(_ step: FoldedNetwork.Step, _ index: Int, image: Int) {
    let steps = network.folded.steps
    func map(_ step: Int) -> UnsafeMutablePointer<Float> {
      buffer(ofStep: step) + image * steps[step].shape.count
    }
    let output = map(index)
    switch step.operation {
    case .input, .layer:
      return
    case .maxPool(let window, let stride, let padding):
      FeatureMaps.maxPool(
        map(step.inputs[0]),
        steps[step.inputs[0]].shape,
        into: output,
        step.shape,
        window: window,
        stride: stride,
        padding: padding
      )
    case .globalAveragePool:
      FeatureMaps.average(map(step.inputs[0]), steps[step.inputs[0]].shape, into: output)
    case .add:
      FeatureMaps.add(
        map(step.inputs[0]),
        map(step.inputs[1]),
        into: output,
        count: step.shape.count,
        appliesReLU: step.appliesReLU
      )
    case .paddedShortcut(let stride):
      FeatureMaps.paddedShortcut(
        map(step.inputs[0]),
        steps[step.inputs[0]].shape,
        into: output,
        step.shape,
        stride: stride
      )
    }
  }

  private func buffer(ofStep step: Int) -> UnsafeMutablePointer<Float> {
    buffers[network.plan.bufferOfStep[step]]
  }
}
