import BinadeKernels
import BinadeNumerics
import BinadeQuantization

/// One layer compiled for inference: weights encoded, decoded into packed panels, on the cheapest datapath.
///
/// `y = scale * sum(a * w) + bias`, where a and w are what the codecs' values look like to the kernel, and the
/// scale of an output channel gathers the scales of weights and activations and the units of both.
package struct LayerEngine: Sendable {
  private enum Implementation: Sendable {
    case float(FloatConvolution, table: [Float]?)
    case integer(IntegerConvolution, table: [Int16])
  }

  let shape: ConvolutionShape
  /// Quantizes the layer's input; nil leaves it as it is.
  let activations: Quantizer?
  /// The weights' quantizer; nil for unquantized weights.
  let weights: Quantizer?
  package let datapath: Datapath
  /// Why this datapath.
  let reason: String
  private let implementation: Implementation
  private let outputScales: [Float]
  private let activationUnit: Float
  private let bias: [Float]

  /// Compiles `layer`.
  ///
  /// With one activation scale per input channel the weights in `layer` must already be multiplied by it, as
  /// ``FoldedNetwork/Layer/absorbing(_:)`` does.
  package init(
    _ layer: FoldedNetwork.Layer,
    weights: Quantizer?,
    activations: Quantizer?,
    features: CPUFeatures
  ) {
    shape = layer.shape
    bias = layer.bias
    self.weights = weights
    self.activations = activations
    let weightValues = weights.map { OperandValues($0.codec) }
    let activationValues = activations.map { OperandValues($0.codec) }
    (datapath, reason) = Datapath.cheapest(
      weights: weightValues,
      activations: activationValues,
      depth: shape.depth
    )
    // Per-channel activation scales live in the weights, relative to the greatest, which is left.
    let inputScale = activations?.greatestScale ?? 1
    let unit: Double
    switch datapath {
    case .integer16:
      let table = weightValues?.integers ?? []
      implementation = .integer(
        IntegerConvolution(
          shape: shape,
          weights: Self.encode(layer, weights, through: table),
          kernel: KernelTable.int16(for: features)
        ),
        table: activationValues?.integers ?? []
      )
      unit = Double(weightValues?.quantum ?? 1) * Double(activationValues?.quantum ?? 1)
    case .float32:
      let table = weightValues?.floats
      let operands =
        table.map { Self.encode(layer, weights, through: $0) }
        ?? Self.round(layer, weights, unit: weightValues?.floatUnit ?? 1)
      implementation = .float(
        FloatConvolution(shape: shape, weights: operands, kernel: KernelTable.float32(for: features)),
        table: activationValues?.floats
      )
      unit = Double(weightValues?.floatUnit ?? 1) * Double(activationValues?.floatUnit ?? 1)
    }
    activationUnit = activationValues?.floatUnit ?? 1
    // In Double: of a format with a wide range the units are huge and the scales tiny, their product is neither.
    outputScales = (0..<layer.shape.outputChannels).map {
      Float(Double(inputScale) * Double(weights?.scale(ofChannel: $0) ?? 1) * unit)
    }
  }

  /// The name of the kernel, for reports.
  var kernelName: String {
    switch implementation {
    case .float(let convolution, _): convolution.kernelName
    case .integer(let convolution, _): convolution.kernelName
    }
  }

  /// Computes one image.
  ///
  /// - Shape: `input` is unpadded, inputChannels x height x width; `output` outputChannels x pixels.
  package func run(
    _ input: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>,
    scratch: LayerScratch,
    appliesReLU: Bool
  ) {
    switch implementation {
    case .float(let convolution, let table):
      PaddedImage.fill(scratch.floats, from: input, shape: shape) { plane, channel, target in
        quantize(plane, channel: channel, table: table, scratch: scratch, into: target)
      }
      convolution.run(scratch.floats, into: output)
      finish(output, appliesReLU: appliesReLU) { output[$0] }
    case .integer(let convolution, let table):
      PaddedImage.fill(scratch.integers, from: input, shape: shape) { plane, channel, target in
        encode(plane, channel: channel, table: table, scratch: scratch, into: target)
      }
      convolution.run(scratch.integers, into: scratch.sums)
      finish(output, appliesReLU: appliesReLU) { Float(scratch.sums[$0]) }
    }
  }

  /// Scales the sums, adds the bias, applies ReLU.
  private func finish(
    _ output: UnsafeMutablePointer<Float>,
    appliesReLU: Bool,
    _ sum: (Int) -> Float
  ) {
    let pixels = shape.outputPixelCount
    let floor: Float = appliesReLU ? 0 : -.infinity
    for channel in 0..<shape.outputChannels {
      let (scale, offset) = (outputScales[channel], bias[channel])
      for index in channel * pixels..<(channel + 1) * pixels {
        let value = sum(index) * scale + offset
        // NaN compares false and stays.
        output[index] = value < floor ? floor : value
      }
    }
  }

  private func quantize(
    _ plane: UnsafeBufferPointer<Float>,
    channel: Int,
    table: [Float]?,
    scratch: LayerScratch,
    into target: UnsafeMutablePointer<Float>
  ) {
    guard let activations else {
      for index in 0..<plane.count { target[index] = plane[index] }
      return
    }
    let scaled = divide(plane, by: activations.scale(ofChannel: channel), scratch)
    if let table {
      table.withUnsafeBufferPointer {
        activations.codec.encode(scaled, through: $0, into: target)
      }
    } else {
      activations.codec.roundTrip(scaled, into: target)
      for index in 0..<plane.count { target[index] /= activationUnit }
    }
  }

  private func encode(
    _ plane: UnsafeBufferPointer<Float>,
    channel: Int,
    table: [Int16],
    scratch: LayerScratch,
    into target: UnsafeMutablePointer<Int16>
  ) {
    guard let activations else { preconditionFailure("integers need a quantizer") }
    let scaled = divide(plane, by: activations.scale(ofChannel: channel), scratch)
    table.withUnsafeBufferPointer { activations.codec.encode(scaled, through: $0, into: target) }
  }

  private func divide(
    _ plane: UnsafeBufferPointer<Float>,
    by scale: Float,
    _ scratch: LayerScratch
  ) -> UnsafeBufferPointer<Float> {
    if scale == 1 { return plane }
    for index in 0..<plane.count { scratch.plane[index] = plane[index] / scale }
    return UnsafeBufferPointer(start: scratch.plane, count: plane.count)
  }

  private static func encode<Operand>(
    _ layer: FoldedNetwork.Layer,
    _ quantizer: Quantizer?,
    through table: [Operand]
  ) -> [Operand] {
    guard let quantizer else { preconditionFailure("a table needs a quantizer") }
    let depth = layer.shape.depth
    return (0..<layer.shape.outputChannels).flatMap { channel in
      let scale = quantizer.scale(ofChannel: channel)
      return layer.weights[channel * depth..<(channel + 1) * depth].map {
        table[Int(quantizer.codec.encode($0 / scale))]
      }
    }
  }

  /// Weights rounded, in multiples of `unit`, not scaled back; as they are without a quantizer.
  private static func round(_ layer: FoldedNetwork.Layer, _ quantizer: Quantizer?, unit: Float) -> [Float] {
    guard let quantizer else { return layer.weights }
    let depth = layer.shape.depth
    return (0..<layer.shape.outputChannels).flatMap { channel in
      let scale = quantizer.scale(ofChannel: channel)
      return layer.weights[channel * depth..<(channel + 1) * depth].map {
        quantizer.codec.decode(quantizer.codec.encode($0 / scale)) / unit
      }
    }
  }
}
