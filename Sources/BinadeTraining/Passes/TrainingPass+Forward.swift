import BinadeKernels
import BinadeNetworks

extension TrainingPass {
  /// Computes all stages of the images in `images` and returns the logits.
  ///
  /// - Shape: `images` is imageCount x height x width x channels; the result imageCount x classes.
  func forward(_ images: PooledMap, _ parameters: NetworkParameters) -> PooledMap {
    quantized?.prepare(parameters)
    pack(parameters)
    for (index, stage) in plan.stages.enumerated() {
      switch stage.operation {
      case .input: outputs[index] = images
      case .layer(let layer):
        compute(layer, stage: index, parameters)
        if !plan.isVirtual[index] { finish(stage: index) }
      case .unweighted(let layer): compute(layer, stage: index)
      case .add, .relu: add(stage: index)
      }
    }
    guard let logits = outputs[plan.stages.count - 1] else { preconditionFailure("a network without output") }
    return logits
  }

  /// The raw sums of a layer, and what batch norm makes of them.
  private func compute(_ number: Int, stage: Int, _ parameters: NetworkParameters) {
    let layer = plan.layers[number]
    let shape = layer.shape
    let output = map(ofStage: stage)
    observeInputs(of: number, stage)
    let convert = inputs(ofStage: stage)
    let values = parameters.values
    let unit = quantized?.unit(ofLayer: number)
    var center =
      layer.normalization.map { Array(values[$0.mean]) } ?? Array(repeating: 0, count: shape.outputChannels)
    if let unit { center = zip(center, unit).map { Float(Double($0) / $1) } }
    let moments = OutputMoments(center: center)
    let packed = weights[number]
    let isFused = plan.fusions.contains(.moments)
    let fusedParts = ParallelLoop.map(count: shards.count, threads: threads) { shard in
      var totals = ChannelSums(channels: shape.outputChannels)
      for group in shards.groups(ofShard: shard, pixelCount: shape.outputPixelCount) {
        scratch.with(layer.convolution.forwardScratchCount(imageCount: group.count)) { memory in
          let target = output.map + group.lowerBound * shape.outputCount
          let first = group.lowerBound * shape.inputCount
          layer.convolution.forward(
            packed,
            imageCount: group.count,
            scratch: memory,
            input: { convert(first + $0, $1, $2) }
          ) { rows, sums, rowStride in
            let place = target + rows.lowerBound * shape.outputChannels
            if isFused {
              moments.finish(sums, rowStride: rowStride, rowCount: rows.count, into: place, &totals)
            } else {
              for row in 0..<rows.count {
                (place + row * shape.outputChannels).write(shape.outputChannels, from: sums + row * rowStride)
              }
            }
          }
        }
      }
      return totals
    }
    sums[stage] = output
    let parts = isFused ? fusedParts : separateMoments(layer, output, moments)
    let totals = parts.reduce(into: ChannelSums(channels: shape.outputChannels)) { $0 += $1 }
    if firstNonFiniteLayer == nil, !totals.second.allSatisfy(\.isFinite) { firstNonFiniteLayer = layer.name }
    statistics[stage] = batchStatistics(layer, totals, center, values, unit)
  }

  /// The moments of a layer's sums in a pass of their own, over the same blocks.
  private func separateMoments(_ layer: TrainingPlan.Layer, _ map: PooledMap, _ moments: OutputMoments)
    -> [ChannelSums]
  {
    let (channels, pixelCount) = (layer.shape.outputChannels, layer.shape.outputPixelCount)
    return ParallelLoop.map(count: shards.count, threads: threads) { shard in
      var totals = ChannelSums(channels: channels)
      for group in shards.groups(ofShard: shard, pixelCount: pixelCount) {
        let end = group.upperBound * pixelCount
        scratch.with(96 * channels) { room in
          for first in stride(from: group.lowerBound * pixelCount, to: end, by: 96) {
            let (place, count) = (map.map + first * channels, min(96, end - first))
            let sums = place.read(count * channels, room)
            moments.finish(sums, rowStride: channels, rowCount: count, into: place, &totals)
          }
        }
      }
      return totals
    }
  }

  private func batchStatistics(
    _ layer: TrainingPlan.Layer,
    _ totals: ChannelSums,
    _ center: [Float],
    _ values: [Float],
    _ unit: [Double]?
  ) -> BatchStatistics {
    guard let normalization = layer.normalization else {
      return BatchStatistics(
        bias: layer.bias.map { Array(values[$0]) } ?? Array(repeating: -0.0, count: center.count),
        unit: unit
      )
    }
    let (scales, shifts) = (values[normalization.scales], values[normalization.shifts])
    let epsilon = BatchNormalizationFolding.epsilon
    guard usesRunningStatistics else {
      return BatchStatistics(
        moments: totals,
        count: imageCount * layer.shape.outputPixelCount,
        center: center,
        scales: scales,
        shifts: shifts,
        epsilon: epsilon,
        unit: unit
      )
    }
    // Running means hold the bias that the raw sums do not.
    let bias = layer.bias.map { Array(values[$0]) } ?? Array(repeating: 0, count: center.count)
    let mean = zip(values[normalization.mean], bias).map { Double($0) - Double($1) }
    if let unit {
      return BatchStatistics(
        running: mean,
        variance: values[normalization.variance].map(Double.init),
        center: center,
        scales: scales,
        shifts: shifts,
        epsilon: epsilon,
        unit: unit
      )
    }
    return BatchStatistics(
      mean: mean,
      variance: values[normalization.variance].map(Double.init),
      center: center,
      scales: scales,
      shifts: shifts,
      epsilon: epsilon
    )
  }

  /// The output of a layer that more than one reader needs: batch norm, addend and ReLU.
  private func finish(stage: Int) {
    guard let sums = sums[stage], let statistics = statistics[stage] else { return }
    let output = map(ofStage: stage)
    let inputs = plan.stages[stage].inputs
    let addend = inputs.count > 1 ? outputs[inputs[1]] : nil
    let epilogue = Epilogue(
      scales: statistics.scales,
      bias: statistics.bias,
      appliesReLU: plan.stages[stage].appliesReLU
    )
    let normalization = MapNormalization(epilogue)
    let shape = plan.stages[stage].shape
    let element = plan.element(ofStage: stage)
    ParallelLoop.run(count: shards.count, threads: threads) { shard in
      for image in shards.images(ofShard: shard) {
        let first = image * shape.count
        func apply(_ addend: FeatureMap?) {
          let pixelCount = shape.height * shape.width
          normalization.map(
            sums.map + first,
            addend: addend,
            pixelCount: pixelCount,
            into: output.map + first
          )
        }
        guard let addend = addend.map({ $0.map + first }), addend.element != element else {
          apply(addend.map { $0.map + first })
          continue
        }
        // Images are added to maps of bfloat16, or those to logits.
        scratch.with(2 * shape.count) { room in
          let copy = FeatureMap(UnsafeMutableRawPointer(room + shape.count), element)
          copy.write(shape.count, from: addend.read(shape.count, room))
          apply(copy)
        }
      }
    }
    outputs[stage] = output
  }

  private func compute(_ layer: any UnweightedLayer, stage: Int) {
    let (shape, output) = (plan.stages[stage].shape, map(ofStage: stage))
    let input = plan.stages[stage].inputs[0]
    guard let source = outputs[input] else { return }
    let inputShape = plan.stages[input].shape
    let rectifies = plan.stages[stage].appliesReLU
    ParallelLoop.run(count: imageCount, threads: threads) { image in
      scratch.with(shape.count + inputShape.count) { room in
        let input = (source.map + image * inputShape.count).read(inputShape.count, room + shape.count)
        layer.compute(input, inputShape, into: room)
        if rectifies {
          for place in 0..<shape.count where room[place] < 0 { room[place] = 0 }
        }
        (output.map + image * shape.count).write(shape.count, from: room)
      }
    }
    outputs[stage] = output
  }

  /// The sum of two maps, or one alone, and ReLU.
  private func add(stage: Int) {
    let (shape, output) = (plan.stages[stage].shape, map(ofStage: stage))
    let sources = plan.stages[stage].inputs.compactMap { outputs[$0]?.map }
    let rectifies = plan.stages[stage].appliesReLU
    ParallelLoop.run(count: imageCount, threads: threads) { image in
      let count = shape.count
      scratch.with(3 * count) { room in
        let addends = sources.enumerated().map { ($1 + image * count).read(count, room + ($0 + 1) * count) }
        for place in 0..<count {
          let sum = addends.count > 1 ? addends[0][place] + addends[1][place] : addends[0][place]
          room[place] = rectifies && sum < 0 ? 0 : sum
        }
        (output.map + image * count).write(count, from: room)
      }
    }
    outputs[stage] = output
  }
}
