import CBinadeKernels

extension TrainableConvolution {
  /// The gradients of outputs that a sweep backward begins with.
  package struct Upstream {
    let g: FeatureMap
    let z: FeatureMap?
    let fill: GradientFill
    /// Rounds a line in place; with elements and the number of the first.
    let round: ((UnsafeMutablePointer<Float>, Int, Int) -> Void)?

    /// What a sweep begins with.
    ///
    /// `g`: the gradient behind batch norm. `z`: the raw sums, nil without batch norm. `fill`: what makes the gradient of the raw
    /// sums from both.
    ///
    /// - Shape: `g` and `z` are images x height x width x channels of the outputs.
    /// `round`: what rounds the gradients of raw sums, line by line (elements, number of the first), before they become bfloat16, or in
    /// float32; nil for the nearest, or none.
    package init(
      g: FeatureMap,
      z: FeatureMap?,
      fill: GradientFill,
      round: ((UnsafeMutablePointer<Float>, Int, Int) -> Void)? = nil
    ) {
      (self.g, self.z, self.fill, self.round) = (g, z, fill, round)
    }
  }

  private var outputLineCount: Int { shape.outputWidth * shape.outputChannels }

  /// Elements of the gradient of an image's outputs with its rim.
  private var paddedGradientCount: Int {
    (shape.outputHeight + 2 * rim) * (shape.outputWidth + 2 * rim) * shape.outputChannels
  }

  /// Floats of working memory that ``backward(_:_:imageCount:scratch:input:sums:finish:)`` needs.
  package func backwardScratchCount(imageCount: Int) -> Int {
    let images = imageCount + imageCount % 2
    return images * (shape.paddedInputCount + 2 * paddedGradientCount) + 4 * ConvolutionShape.readAhead
      + 2 * max(outputLineCount, shape.inputWidth * shape.inputChannels) + 64
  }

  /// Adds the gradients of the weights of some images to `sums`, and computes those of the inputs, handing each block over
  /// once.
  ///
  /// `input`: as ``forward(_:imageCount:scratch:input:finish:)`` has it.
  /// `finish`: nil where inputs need no gradient.
  ///
  /// - Shape: `scratch` is as ``backwardScratchCount(imageCount:)`` says; `sums` is kernelHeight x kernelWidth
  ///   x channels per group x outputChannels.
  /// - Error: as ``WeightGradient`` and ``DataGradient`` have it; in bfloat16 of operands rounded once, weights' gradients
  ///   as ``PairedWeightGradient`` where both channels are even.
  package func backward(
    _ upstream: Upstream,
    _ weights: Weights,
    imageCount: Int,
    scratch: UnsafeMutablePointer<Float>,
    input: Conversion,
    sums: UnsafeMutablePointer<Float>,
    finish: ((GradientBlock) -> Void)?
  ) {
    switch (weights.packed, route) {
    case (.float(_, let panels), .float32(let kernel)):
      let gradients = scratch
      let inputs = gradients + (imageCount * paddedGradientCount + ConvolutionShape.readAhead)
      fillGradients(gradients, upstream, imageCount)
      roundGradients(gradients, upstream, imageCount)
      pad(imageCount: imageCount, into: inputs, input)
      weightGradient.accumulate(
        inputs,
        gradients,
        WeightGradient.Layout(shape, rim: rim),
        imageCount: imageCount,
        into: sums
      )
      guard let finish, let panels else { return }
      DataGradient(shape, kernel: kernel).run(gradients, panels, imageCount: imageCount, finish: finish)
    case (.float(_, let panels), .rounded(let kernel, let paired)):
      let gradients = scratch
      let inputs = roundedOperands(upstream, imageCount, scratch, input)
      accumulate(inputs, gradients, paired, imageCount, into: sums)
      guard let finish, let panels else { return }
      DataGradient(shape, kernel: kernel).run(gradients, panels, imageCount: imageCount, finish: finish)
    case (.bfloat16(_, let panels), .bfloat16(let kernel, let paired)):
      let gradients = pairedOperands(upstream, imageCount, scratch, input, paired, into: sums)
      guard let finish, let panels else { return }
      DataGradient(shape, kernel: kernel).run(gradients, panels, imageCount: imageCount, finish: finish)
    default: preconditionFailure("weights were packed for another kernel")
    }
  }

  private func fillGradients(_ target: UnsafeMutablePointer<Float>, _ upstream: Upstream, _ imageCount: Int) {
    upstream.fill.fill(
      target,
      from: upstream.g,
      upstream.z,
      imageCount: imageCount,
      height: shape.outputHeight,
      width: shape.outputWidth,
      rim: rim
    )
  }

  /// Rounds padded gradients in place, line by line without the rim, where the sweep asks for it.
  private func roundGradients(_ target: UnsafeMutablePointer<Float>, _ upstream: Upstream, _ imageCount: Int)
  {
    guard let round = upstream.round else { return }
    let (paddedLine, side) = (outputLineCount + 2 * rim * shape.outputChannels, rim * shape.outputChannels)
    for number in 0..<imageCount * shape.outputHeight {
      let (image, row) = number.quotientAndRemainder(dividingBy: shape.outputHeight)
      let place = image * paddedGradientCount + (row + rim) * paddedLine + side
      round(target + place, outputLineCount, number * outputLineCount)
    }
  }

  /// Padded gradients at `scratch`, and behind them the padded inputs that are returned, rounded; an odd image gets one of zeros.
  private func roundedOperands(
    _ upstream: Upstream,
    _ imageCount: Int,
    _ scratch: UnsafeMutablePointer<Float>,
    _ input: Conversion
  ) -> UnsafeMutablePointer<Float> {
    let whole = imageCount + imageCount % 2
    let inputs = scratch + (whole * paddedGradientCount + ConvolutionShape.readAhead)
    fillGradients(scratch, upstream, imageCount)
    roundGradients(scratch, upstream, imageCount)
    binade_round_bf16(features.rawValue, scratch, imageCount * paddedGradientCount)
    pad(imageCount: imageCount, into: inputs, input)
    if whole > imageCount {
      (scratch + imageCount * paddedGradientCount).update(repeating: 0, count: paddedGradientCount)
      (inputs + imageCount * shape.paddedInputCount).update(repeating: 0, count: shape.paddedInputCount)
    }
    return inputs
  }

  private func accumulate(
    _ inputs: UnsafePointer<Float>,
    _ gradients: UnsafePointer<Float>,
    _ paired: PairedWeightGradient?,
    _ imageCount: Int,
    into sums: UnsafeMutablePointer<Float>
  ) {
    let layout = WeightGradient.Layout(shape, rim: rim)
    guard let paired else {
      let before = binade_flush_begin()
      weightGradient.accumulate(inputs, gradients, layout, imageCount: imageCount, into: sums)
      binade_flush_end(before)
      return
    }
    for first in stride(from: 0, to: imageCount, by: 2) {
      let (input, gradient) = (
        inputs + first * shape.paddedInputCount, gradients + first * paddedGradientCount
      )
      paired.accumulate(
        (input, input + shape.paddedInputCount),
        (gradient, gradient + paddedGradientCount),
        layout,
        into: sums
      )
    }
  }

  /// Makes the operands as bfloat16, adds the gradients of the weights, and returns the padded gradients.
  private func pairedOperands(
    _ upstream: Upstream,
    _ imageCount: Int,
    _ scratch: UnsafeMutablePointer<Float>,
    _ input: Conversion,
    _ paired: PairedWeightGradient,
    into sums: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<BFloat16> {
    let gradientMaps = PairedOperands(
      imageCount: imageCount,
      height: shape.outputHeight,
      width: shape.outputWidth,
      channels: shape.outputChannels,
      rim: rim,
      features: features
    )
    let inputMaps = PairedOperands(
      imageCount: imageCount,
      height: shape.inputHeight,
      width: shape.inputWidth,
      channels: shape.inputChannels,
      rim: shape.padding,
      features: features
    )
    let straight = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: UInt32.self)
    let both = straight + (imageCount * paddedGradientCount / 2 + ConvolutionShape.readAhead)
    let inputs = both + gradientMaps.pairCount * paddedGradientCount
    let lines = UnsafeMutableRawPointer(inputs + inputMaps.pairCount * shape.paddedInputCount)
      .assumingMemoryBound(to: Float.self)
    gradientMaps.fill(straight: straight, interleaved: both, lines: lines) { image, row, target in
      let place = (image * shape.outputHeight + row) * outputLineCount
      upstream.fill.fill(
        target,
        from: upstream.g + place,
        upstream.z.map { $0 + place },
        imageCount: 1,
        height: 1,
        width: shape.outputWidth,
        rim: 0
      )
      upstream.round?(target, outputLineCount, place)
      return UnsafePointer(target)
    }
    let inputLine = shape.inputWidth * shape.inputChannels
    inputMaps.fill(straight: nil, interleaved: inputs, lines: lines) { image, row, target in
      input((image * shape.inputHeight + row) * inputLine, inputLine, target)
    }
    let layout = WeightGradient.Layout(shape, rim: rim)
    for pair in 0..<gradientMaps.pairCount {
      paired.accumulate(
        pairs: inputs + pair * shape.paddedInputCount,
        both + pair * paddedGradientCount,
        layout,
        into: sums
      )
    }
    return UnsafeRawPointer(straight).assumingMemoryBound(to: BFloat16.self)
  }
}
