import BinadeQuantization

/// Runs a compiled network on some images at a time; one session per thread.
public final class InferenceSession {
  /// Called with the index of a layer and its input, image by image, before the layer is computed.
  public typealias Observer = (Int, ObservedInput) -> Void

  private let network: CompiledNetwork
  private let buffers: [UnsafeMutableRawPointer]
  private let scratch: LayerScratch
  /// Per step, the quantizer whose codes it leaves instead of values.
  private let requantizations: [Quantizer?]
  /// The greatest number of images per run.
  public let capacity: Int

  /// Allocates the buffers of `network` for up to `capacity` images.
  ///
  /// - Precondition: `capacity` is positive.
  public init(_ network: CompiledNetwork, capacity: Int = 1) {
    precondition(capacity > 0, "a session needs room for an image, not \(capacity)")
    self.network = network
    self.capacity = capacity
    buffers = network.plan.capacities.map {
      .allocate(byteCount: $0 * capacity * MemoryLayout<Float>.stride, alignment: 64)
    }
    requantizations = network.folded.plan.stages.indices.map { network.requantization(ofStep: $0) }
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
  /// An observer sees every input as float32 values; without one, layers leave codes for the next where they can. The
  /// logits are the same.
  ///
  /// `firstImage`: the number of the first image among all that are evaluated, for random words.
  ///
  /// - Shape: imageCount x classes; valid until the next run.
  /// - Precondition: `imageCount` is within the session's capacity.
  public func run(imageCount: Int = 1, firstImage: Int = 0, observer: Observer? = nil)
    -> UnsafeBufferPointer<Float>
  {
    run(
      imageCount: imageCount,
      firstImage: firstImage,
      observer: observer,
      outputs: nil,
      preactivations: nil
    )
  }

  /// The same, with an observer of what comes out of each layer as well, residual addition and ReLU included.
  public func run(
    imageCount: Int = 1,
    firstImage: Int = 0,
    observer: @escaping Observer,
    outputs: @escaping Observer
  ) -> UnsafeBufferPointer<Float> {
    run(
      imageCount: imageCount,
      firstImage: firstImage,
      observer: observer,
      outputs: outputs,
      preactivations: nil
    )
  }

  /// Computes what lies before a layer, and hands over the layer's input for one image.
  func run(before layer: Int, _ body: (ObservedInput) -> Void) {
    withoutActuallyEscaping(body) { body in
      _ = run(
        imageCount: 1,
        observer: { index, input in if index == layer { body(input) } },
        preactivations: nil,
        last: layer
      )
    }
  }

  /// The same, with an observer of what goes into each ReLU that is a step of its own, by the index of the step.
  func run(
    imageCount: Int,
    firstImage: Int = 0,
    observer: Observer?,
    outputs: Observer? = nil,
    preactivations: Observer?,
    last: Int? = nil
  ) -> UnsafeBufferPointer<Float> {
    precondition((0...capacity).contains(imageCount), "\(imageCount) images in a session for \(capacity)")
    let steps = network.folded.plan.stages
    for (index, step) in steps.enumerated() {
      if case .layer(let layer) = step.operation {
        if layer == last {
          observer?(
            layer,
            ObservedInput(buffer(ofStep: step.inputs[0]), network.engines[layer].shape, image: firstImage)
          )
          break
        }
        run(layer, step, index, imageCount: imageCount, firstImage: firstImage, observer)
        if let outputs {
          let values = buffer(ofStep: index)
          for image in 0..<imageCount {
            outputs(
              layer,
              ObservedInput(values + image * step.shape.count, step.shape, image: firstImage + image)
            )
          }
        }
        continue
      }
      for image in 0..<imageCount { run(step, index, image: image, preactivations) }
    }
    let last = steps.count - 1
    return UnsafeBufferPointer(start: buffer(ofStep: last), count: imageCount * steps[last].shape.count)
  }

  private func run(
    _ layer: Int,
    _ step: FusionPlan.Stage,
    _ index: Int,
    imageCount: Int,
    firstImage: Int,
    _ observer: Observer?
  ) {
    let source = step.inputs[0]
    let engine = network.engines[layer]
    if let observer {
      let values = buffer(ofStep: source)
      for image in 0..<imageCount {
        observer(
          layer,
          ObservedInput(values + image * engine.shape.inputCount, engine.shape, image: firstImage + image)
        )
      }
    }
    let isObserved = observer != nil
    let takesCodes = !isObserved && requantizations[source] != nil
    engine.run(
      takesCodes
        ? .codes(UnsafeRawPointer(buffer(ofStep: source))) : .values(UnsafePointer(buffer(ofStep: source))),
      imageCount: imageCount,
      firstImage: firstImage,
      into: isObserved ? .values(buffer(ofStep: index)) : output(ofStep: index),
      scratch: scratch,
      appliesReLU: step.appliesReLU,
      addend: step.inputs.count > 1 ? UnsafePointer(buffer(ofStep: step.inputs[1])) : nil
    )
  }

  /// Where a layer writes: values, or codes for the only layer that reads them.
  private func output(ofStep step: Int) -> LayerOutput {
    requantizations[step].map { .codes(UnsafeMutableRawPointer(buffer(ofStep: step)), $0) }
      ?? .values(buffer(ofStep: step))
  }

  private func run(_ step: FusionPlan.Stage, _ index: Int, image: Int, _ preactivations: Observer?) {
    let steps = network.folded.plan.stages
    func map(_ step: Int) -> UnsafeMutablePointer<Float> {
      buffer(ofStep: step) + image * steps[step].shape.count
    }
    let output = map(index)
    switch step.operation {
    case .input, .layer:
      return
    case .unweighted(let layer):
      layer.compute(map(step.inputs[0]), steps[step.inputs[0]].shape, into: output)
    case .relu:
      let source = map(step.inputs[0])
      preactivations?(index, ObservedInput(source, step.shape, image: image))
      FeatureMaps.rectify(source, into: output, count: step.shape.count)
    case .add:
      FeatureMaps.add(
        map(step.inputs[0]),
        map(step.inputs[1]),
        into: output,
        count: step.shape.count,
        appliesReLU: step.appliesReLU
      )
    }
  }

  /// The buffer of a step's values, or of its codes, which need less.
  private func buffer(ofStep step: Int) -> UnsafeMutablePointer<Float> {
    let buffer = network.plan.bufferOfStep[step]
    return buffers[buffer].bindMemory(to: Float.self, capacity: network.plan.capacities[buffer] * capacity)
  }
}
