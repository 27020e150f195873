import BinadeKernels
import BinadeNetworks
import BinadeQuantization

/// One batch on its way through a network: raw sums and maps that backward needs, and what batch norm found.
///
/// Forward and backward are extensions. Not Sendable: one owner, whose loops share out the work.
final class TrainingPass {
  let plan: TrainingPlan
  let shards: ShardPlan
  let threads: Int
  let pool: BufferPool
  let scratch: ScratchPool
  /// Whether batch norm uses its running statistics, as inference does.
  let usesRunningStatistics: Bool
  /// What rounds operands at random; nil where they are rounded to the nearest, or not at all.
  let stochastic: StochasticOperands?
  /// The quantizers of layers; nil where none is quantized.
  let quantized: QuantizedTraining?

  /// Per stage, the raw sums of a layer.
  var sums: [PooledMap?]
  /// Per stage, the output; nil where it is virtual.
  var outputs: [PooledMap?]
  /// Per stage of a layer, kept until the next pass.
  var statistics: [BatchStatistics?]
  /// Per layer.
  var weights: [TrainableConvolution.Weights] = []
  /// The first layer whose sums are not finite.
  var firstNonFiniteLayer: String?

  /// A pass for `imageCount` images.
  init(
    _ plan: TrainingPlan,
    imageCount: Int,
    pool: BufferPool,
    scratch: ScratchPool,
    threads: Int,
    usesRunningStatistics: Bool = false,
    stochastic: StochasticOperands? = nil,
    quantized: QuantizedTraining? = nil
  ) {
    self.plan = plan
    self.pool = pool
    self.scratch = scratch
    self.threads = threads
    self.usesRunningStatistics = usesRunningStatistics
    self.stochastic = stochastic
    self.quantized = quantized
    shards = ShardPlan(imageCount: imageCount)
    sums = plan.stages.map { _ in nil }
    outputs = sums
    statistics = plan.stages.map { _ in nil }
  }

  var imageCount: Int { shards.imageCount }

  /// Memory for the maps of a stage.
  func map(ofStage stage: Int) -> PooledMap {
    PooledMap(imageCount * plan.stages[stage].shape.count, of: plan.element(ofStage: stage), from: pool)
  }

  /// Packs the weights of all layers.
  func pack(_ parameters: NetworkParameters) {
    parameters.values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      weights = ParallelLoop.map(count: plan.layers.count, threads: threads) { index in
        let layer = plan.layers[index]
        func pack(_ weights: UnsafePointer<Float>) -> TrainableConvolution.Weights {
          layer.convolution.pack(weights, needsDataGradient: inputNeedsGradient(index))
        }
        guard let operands = quantized?.weights(ofLayer: index) else {
          return pack(base + layer.weights.lowerBound)
        }
        return operands.withUnsafeBufferPointer { buffer in
          guard let base = buffer.baseAddress else { preconditionFailure("a layer without weights") }
          return pack(base)
        }
      }
    }
  }

  private func inputNeedsGradient(_ layer: Int) -> Bool {
    plan.stages.indices.contains {
      plan.layer(ofStage: $0) == layer && plan.needsGradient[plan.stages[$0].inputs[0]]
    }
  }

  /// What makes the inputs of a layer from what is in memory, a line of pixels at a time.
  ///
  /// `quantizes`: false for the inputs before they are quantized.
  func inputs(ofStage stage: Int, quantizes: Bool = true) -> LineConversion {
    let input = plan.stages[stage].inputs[0]
    let layer = plan.layer(ofStage: stage) ?? 0
    let quantizer = quantizes ? quantized?.inputQuantizer(ofLayer: layer) : nil
    if plan.isVirtual[input], let sums = sums[input], let statistics = statistics[input] {
      let epilogue = Epilogue(
        scales: statistics.scales,
        bias: statistics.bias,
        appliesReLU: plan.stages[input].appliesReLU
      )
      return LineConversion(
        map: sums.map,
        normalization: MapNormalization(epilogue),
        stochastic: stochastic,
        quantizer: quantizer,
        channels: plan.stages[input].shape.channels,
        layer: layer
      )
    }
    guard let output = outputs[input] else { preconditionFailure("stage \(input) has not been computed") }
    return LineConversion(
      map: output.map,
      normalization: nil,
      stochastic: stochastic,
      quantizer: quantizer,
      channels: plan.stages[input].shape.channels,
      layer: layer
    )
  }
}

/// Rounds a layer's inputs as the deployed network does.
///
/// A class: lines are many, and a quantizer that is copied for each of them costs more than the line.
final class InputRounding: Sendable {
  /// The quantizer of the step; nil where formats are mixed.
  let quantizer: Quantizer?
  /// The mixture of formats, while they are searched.
  let mixture: FractionalQuantizer?
  private let unit: Float?

  /// `unit`: what one unit of the kernel is worth, in values of the format; nil where the kernel has what the codes stand for.
  init(_ quantizer: Quantizer, unit: Float?) {
    (self.quantizer, mixture, self.unit) = (quantizer, nil, unit)
  }

  /// A mixture of formats.
  init(_ mixture: FractionalQuantizer) { (quantizer, self.mixture, unit) = (nil, mixture, nil) }

  /// Rounds whole pixels to values in units of the kernel, or to what they stand for; the first is element `first` of the batch.
  func round(
    _ values: UnsafePointer<Float>,
    _ count: Int,
    channels: Int,
    first: Int,
    into room: UnsafeMutablePointer<Float>
  ) {
    let line = UnsafeBufferPointer(start: values, count: count)
    mixture?.mix(line, channels: channels, into: room)
    guard let quantizer else { return }
    if let unit {
      quantizer.round(line, channels: channels, unit: unit, firstElement: first, into: room)
    } else {
      quantizer.fakeQuantize(line, channels: channels, firstElement: first, into: room)
    }
  }
}

/// How lines of pixels become the input of a layer: as they are, or after batch norm and ReLU; rounded at random if operands
/// are.
struct LineConversion {
  /// The maps of the batch.
  let map: FeatureMap
  let normalization: MapNormalization?
  let stochastic: StochasticOperands?
  /// What the values are rounded by, and the unit of the kernel that they are given in.
  let quantizer: InputRounding?
  let channels: Int
  let layer: Int

  /// Makes `count` elements from element `first` of the batch on, whole pixels, in `room`, and returns where they lie.
  func callAsFunction(_ first: Int, _ count: Int, _ room: UnsafeMutablePointer<Float>) -> UnsafePointer<Float>
  {
    let source = map + first
    if let normalization {
      normalization.line(source, pixelCount: count / normalization.channels, into: room)
    } else {
      let values = source.read(count, room)
      if let quantizer {
        quantizer.round(values, count, channels: channels, first: first, into: room)
        return UnsafePointer(room)
      }
      guard stochastic != nil else { return values }
      if values != UnsafePointer(room) { room.update(from: values, count: count) }
    }
    quantizer?.round(UnsafePointer(room), count, channels: channels, first: first, into: room)
    stochastic?.round(room, count: count, first: first, layer: layer, .input)
    return UnsafePointer(room)
  }

}
