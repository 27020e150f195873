import BinadeKernels
import BinadeNetworks

extension TrainingPass {
  /// The gradient of a stage's output, complete, with its sums per channel.
  private struct Finished {
    let map: PooledMap
    let totals: ChannelSums
  }

  /// Gradients on their way to the stages that made the maps.
  private struct Pending {
    /// Contributions so far; nil before the first.
    var sum: PooledMap?
    /// Readers that have not contributed yet.
    var left: Int
    var finished: Finished?
  }

  /// Computes the gradients of all parameters.
  ///
  /// `gradient`: that of the logits, imageCount x classes.
  /// `target`: a buffer in the layout of the parameters; places of running statistics are left alone.
  func backward(_ gradient: PooledMap, _ parameters: NetworkParameters, into target: inout [Float]) {
    var pending = plan.readers.map { Pending(sum: nil, left: $0.count, finished: nil) }
    let last = plan.stages.count - 1
    pending[last].left = 1
    contribute(gradient, to: last, &pending)
    for stage in plan.stages.indices.reversed() where plan.needsGradient[stage] {
      guard let finished = pending[stage].finished else { continue }
      pending[stage].finished = nil
      let inputs = plan.stages[stage].inputs
      switch plan.stages[stage].operation {
      case .input: break
      case .layer(let layer):
        propagate(finished, layer, stage: stage, parameters, &pending, into: &target)
        if inputs.count > 1 { contribute(finished.map, to: inputs[1], &pending) }
      case .unweighted(let layer):
        guard plan.needsGradient[inputs[0]] else { continue }
        contribute(propagate(finished.map, layer, stage: stage), to: inputs[0], &pending)
      case .add, .relu: for input in inputs { contribute(finished.map, to: input, &pending) }
      }
      (sums[stage], outputs[stage]) = (nil, nil)
    }
  }

  /// How the gradient of a stage's output is finished when a reader contributes: completely by the last one.
  private func finish(of stage: Int, _ pending: Pending, into output: PooledMap) -> GradientFinish {
    let channels = plan.stages[stage].shape.channels
    let addend = pending.sum?.map
    guard pending.left == 1 else { return GradientFinish(output.map, channels: channels, addend: addend) }
    var rectification = GradientFinish.Rectification.none
    let statistics = statistics[stage]
    if plan.stages[stage].appliesReLU {
      if let map = outputs[stage] {
        rectification = .map(map.map)
      } else if let statistics {
        rectification = .sums(scales: statistics.scales, bias: statistics.bias)
      }
    }
    let isNormalized = plan.layer(ofStage: stage).flatMap { plan.layers[$0].normalization } != nil
    return GradientFinish(
      output.map,
      channels: channels,
      addend: addend,
      rectification: rectification,
      z: sums[stage]?.map,
      center: isNormalized ? statistics?.center : nil
    )
  }

  /// Notes the contribution of a reader that is in memory already.
  private func contribute(_ map: PooledMap, to stage: Int, _ pending: inout [Pending]) {
    guard plan.needsGradient[stage] else { return }
    if pending[stage].left > 1, pending[stage].sum == nil, map.map.element == plan.element(ofStage: stage) {
      pending[stage].sum = map
      pending[stage].left -= 1
      return
    }
    let output = self.map(ofStage: stage)
    let finish = finish(of: stage, pending[stage], into: output)
    let shape = plan.stages[stage].shape
    let pixelCount = shape.height * shape.width
    let parts = ParallelLoop.map(count: shards.count, threads: threads) { shard in
      var totals = ChannelSums(channels: shape.channels)
      let images = shards.images(ofShard: shard)
      scratch.with(96 * shape.channels) { room in
        for first in stride(from: images.lowerBound * pixelCount, to: images.upperBound * pixelCount, by: 96)
        {
          let count = min(96, images.upperBound * pixelCount - first)
          finish.finish(
            (map.map + first * shape.channels).read(count * shape.channels, room),
            rowStride: shape.channels,
            rowCount: count,
            firstPixel: first,
            &totals
          )
        }
      }
      return totals
    }
    note(output, parts, stage, &pending)
  }

  private func note(_ map: PooledMap, _ parts: [ChannelSums], _ stage: Int, _ pending: inout [Pending]) {
    pending[stage].left -= 1
    guard pending[stage].left == 0 else {
      pending[stage].sum = map
      return
    }
    pending[stage].sum = nil
    let channels = plan.stages[stage].shape.channels
    pending[stage].finished = Finished(
      map: map,
      totals: parts.reduce(into: ChannelSums(channels: channels)) { $0 += $1 }
    )
  }

  /// The gradients of a layer's parameters and, where it is needed, of its input: one sweep over its maps.
  private func propagate(
    _ finished: Finished,
    _ number: Int,
    stage: Int,
    _ parameters: NetworkParameters,
    _ pending: inout [Pending],
    into target: inout [Float]
  ) {
    let layer = plan.layers[number]
    let (shape, convolution) = (layer.shape, layer.convolution)
    let upstream = upstream(finished, layer, stage, parameters, into: &target)
    let convert = inputs(ofStage: stage)
    let input = plan.stages[stage].inputs[0]
    let output = plan.needsGradient[input] ? map(ofStage: input) : nil
    let finish = output.map { output in
      plan.fusions.contains(.gradientFinish)
        ? self.finish(of: input, pending[input], into: output)
        : GradientFinish(output.map, channels: shape.inputChannels)
    }
    let packed = weights[number]
    let rule = output == nil ? nil : quantized?.inputRule(ofLayer: number)
    let before = inputs(ofStage: stage, quantizes: false)
    let gradientQuantizer = quantized?.gradientQuantizer(ofLayer: number)
    let tracksGradients = quantized?.tracksGradients(ofLayer: number) ?? false
    let partials = PooledMap(shards.count * convolution.weightCount, from: pool)
    let inputPixelCount = shape.inputHeight * shape.inputWidth
    let parts = ParallelLoop.map(count: shards.count, threads: threads) { shard in
      var totals = ChannelSums(channels: shape.inputChannels)
      var scaleSums = QuantizerGradient.Sums(channels: shape.inputChannels)
      var greatestGradient: Float = 0
      var products = [Double](repeating: 0, count: rule?.mixture?.count ?? 0)
      let partial = partials.base + shard * convolution.weightCount
      partial.update(repeating: 0, count: convolution.weightCount)
      let groups = shards.groups(
        ofShard: shard,
        pixelCount: shape.outputPixelCount,
        multiple: convolution.groupMultiple
      )
      for group in groups {
        scratch.with(convolution.backwardScratchCount(imageCount: group.count)) { memory in
          let first = group.lowerBound * shape.outputCount
          let gradients = TrainableConvolution.Upstream(
            g: upstream.g.map + first,
            z: upstream.z.map { $0.map + first },
            fill: upstream.fill,
            round: stochastic.map { stochastic in
              { line, count, element in
                stochastic.round(line, count: count, first: first + element, layer: number, .gradient)
              }
            }
              ?? (tracksGradients
                ? { line, count, element in
                  let gradients = UnsafeMutableBufferPointer(start: line, count: count)
                  for gradient in gradients { greatestGradient = max(greatestGradient, abs(gradient)) }
                  gradientQuantizer?.fakeQuantize(
                    UnsafeBufferPointer(gradients),
                    channels: shape.outputChannels,
                    firstElement: first + element,
                    into: line
                  )
                } : nil)
          )
          let pass = finish.map { finish in
            { (block: GradientBlock) in
              let firstPixel = group.lowerBound * inputPixelCount + block.pixel
              if let rule {
                self.quantizedBlock(block, firstPixel, rule, before, convert, &scaleSums, &products) {
                  gradients in
                  finish.finish(
                    gradients,
                    rowStride: shape.inputChannels,
                    rowCount: block.count,
                    firstPixel: firstPixel,
                    pixelStep: block.pixelStep,
                    &totals
                  )
                }
                return
              }
              finish.finish(
                block.sums,
                rowStride: block.rowStride,
                rowCount: block.count,
                firstPixel: firstPixel,
                pixelStep: block.pixelStep,
                &totals
              )
            }
          }
          let firstInput = group.lowerBound * shape.inputCount
          convolution.backward(
            gradients,
            packed,
            imageCount: group.count,
            scratch: memory,
            input: { convert(firstInput + $0, $1, $2) },
            sums: partial,
            finish: pass
          )
        }
      }
      return (totals, scaleSums, greatestGradient, products)
    }
    sum(partials, layer, into: &target)
    quantized?.passWeights(number, layer.weights, parameters, gradient: &target)
    if rule != nil { quantized?.addInputs(number, parts.map(\.1), products: parts.map(\.3)) }
    if tracksGradients { quantized?.note(greatestGradient: parts.map(\.2).max() ?? 0, ofLayer: number) }
    guard let output else { return }
    if plan.fusions.contains(.gradientFinish) {
      note(output, parts.map(\.0), input, &pending)
    } else {
      contribute(output, to: input, &pending)
    }
  }

  /// A block of an input's gradient in front of the quantizer, handed over to `body`.
  private func quantizedBlock(
    _ block: GradientBlock,
    _ firstPixel: Int,
    _ rule: QuantizedTraining.InputRule,
    _ before: LineConversion,
    _ after: LineConversion,
    _ sums: inout QuantizerGradient.Sums,
    _ products: inout [Double],
    _ body: (UnsafePointer<Float>) -> Void
  ) {
    let channels = before.channels
    let count = block.count * channels
    scratch.with(3 * count) { room in
      func gather(_ convert: LineConversion, into place: UnsafeMutablePointer<Float>) -> UnsafePointer<Float>
      {
        guard block.pixelStep != 1 else { return convert(firstPixel * channels, count, place) }
        for row in 0..<block.count {
          let target = place + row * channels
          let pixel = firstPixel + row * block.pixelStep
          let source = convert(pixel * channels, channels, target)
          if source != UnsafePointer(target) { target.update(from: source, count: channels) }
        }
        return UnsafePointer(place)
      }
      let values = gather(before, into: room)
      let rounded: UnsafePointer<Float>?
      if let mixture = rule.mixture {
        mixture.mix(
          UnsafeBufferPointer(start: values, count: count),
          channels: channels,
          into: room + count,
          gradients: block.sums,
          gradientStride: block.rowStride,
          products: &products
        )
        rounded = UnsafePointer(room + count)
      } else {
        rounded = rule.rule.needsRounded(learns: rule.learns) ? gather(after, into: room + count) : nil
      }
      rule.rule.apply(
        block.sums,
        gradientStride: block.rowStride,
        values: values,
        learns: rule.learns,
        rounded: rounded,
        rowCount: block.count,
        channels: channels,
        into: room + 2 * count,
        &sums
      )
      body(UnsafePointer(room + 2 * count))
    }
  }

  /// What products make the gradient of a layer's raw sums from; made at once where that is a pass of its own.
  private func upstream(
    _ finished: Finished,
    _ layer: TrainingPlan.Layer,
    _ stage: Int,
    _ parameters: NetworkParameters,
    into target: inout [Float]
  ) -> (g: PooledMap, z: PooledMap?, fill: GradientFill) {
    let fill = fill(finished, layer, stage, parameters, into: &target)
    let z = layer.normalization == nil ? nil : sums[stage]
    guard !plan.fusions.contains(.gradientFill) else { return (finished.map, z, fill) }
    let (shape, made) = (plan.stages[stage].shape, map(ofStage: stage))
    ParallelLoop.run(count: imageCount, threads: threads) { image in
      scratch.with(shape.count) { room in
        fill.fill(
          room,
          from: finished.map.map + image * shape.count,
          z.map { $0.map + image * shape.count },
          imageCount: 1,
          height: shape.height,
          width: shape.width,
          rim: 0
        )
        (made.map + image * shape.count).write(shape.count, from: room)
      }
    }
    return (made, nil, .identity(channels: shape.channels))
  }

  /// The pass from the gradient of a layer's output to that of its raw sums; writes the gradients of batch norm or bias.
  private func fill(
    _ finished: Finished,
    _ layer: TrainingPlan.Layer,
    _ stage: Int,
    _ parameters: NetworkParameters,
    into target: inout [Float]
  ) -> GradientFill {
    guard let normalization = layer.normalization, let statistics = statistics[stage] else {
      if let bias = layer.bias { target.replaceSubrange(bias, with: finished.totals.first.map { Float($0) }) }
      // In units of the kernel, where the sums are.
      guard let unit = statistics[stage]?.unit else { return .identity(channels: layer.shape.outputChannels) }
      let zeros = [Float](repeating: 0, count: unit.count)
      return GradientFill(a: unit.map { Float($0) }, c: zeros, d: zeros.map { -$0 })
    }
    let (fill, scales, shifts) = statistics.gradients(
      finished.totals,
      count: imageCount * layer.shape.outputPixelCount,
      scales: parameters.values[normalization.scales]
    )
    target.replaceSubrange(normalization.scales, with: scales)
    target.replaceSubrange(normalization.shifts, with: shifts)
    return fill
  }

  /// Adds the shards' weight gradients in a fixed binary tree.
  private func sum(_ partials: PooledMap, _ layer: TrainingPlan.Layer, into target: inout [Float]) {
    let count = layer.convolution.weightCount
    let chunk = 4096
    ParallelLoop.run(count: (count + chunk - 1) / chunk, threads: threads) { index in
      let places = index * chunk..<min((index + 1) * chunk, count)
      var step = 1
      while step < shards.count {
        for shard in stride(from: 0, to: shards.count - step, by: 2 * step) {
          let (sum, addend) = (partials.base + shard * count, partials.base + (shard + step) * count)
          for place in places { sum[place] += addend[place] }
        }
        step *= 2
      }
    }
    target.withUnsafeMutableBufferPointer { target in
      guard let base = target.baseAddress else { return }
      KernelOrder.restore(partials.base, layer.shape, into: base + layer.weights.lowerBound)
    }
  }

  private func propagate(_ gradient: PooledMap, _ layer: any UnweightedLayer, stage: Int) -> PooledMap {
    let input = plan.stages[stage].inputs[0]
    let (shape, inputShape) = (plan.stages[stage].shape, plan.stages[input].shape)
    let output = map(ofStage: input)
    guard let source = outputs[input] else { preconditionFailure("the input of a pooling must exist") }
    ParallelLoop.run(count: imageCount, threads: threads) { image in
      scratch.with(shape.count + 2 * inputShape.count) { room in
        let (values, made) = (room + shape.count, room + shape.count + inputShape.count)
        layer.propagate(
          (gradient.map + image * shape.count).read(shape.count, room),
          input: (source.map + image * inputShape.count).read(inputShape.count, values),
          inputShape,
          into: made
        )
        (output.map + image * inputShape.count).write(inputShape.count, from: made)
      }
    }
    return output
  }
}
