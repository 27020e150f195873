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
    case bytes(ByteConvolution, table: ShiftedBytes)
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
  private let plain: Epilogue
  private let rectified: Epilogue
  private let activationUnit: Float

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
    self.weights = weights
    self.activations = activations
    let weightValues = weights.map { OperandValues($0.codec) }
    let activationValues = activations.map { OperandValues($0.codec) }
    (datapath, reason) = Datapath.cheapest(
      weights: weightValues,
      activations: activationValues,
      depth: shape.depth
    )
    let unit: Double
    switch datapath {
    case .integer4, .integer8, .integer16:
      implementation = Self.integer(layer, weights, weightValues, activationValues, datapath, features)
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
    // Per-channel activation scales live in the weights, relative to the greatest, which is left.
    let inputScale = Double(activations?.greatestScale ?? 1)
    // In Double: of a format with a wide range the units are huge and the scales tiny, their product is neither.
    let scales = (0..<shape.outputChannels).map {
      Float(inputScale * Double(weights?.scale(ofChannel: $0) ?? 1) * unit)
    }
    plain = Epilogue(scales: scales, bias: layer.bias, appliesReLU: false, features: features)
    rectified = Epilogue(scales: scales, bias: layer.bias, appliesReLU: true, features: features)
  }

  /// Bytes where this machine multiplies them faster than 16-bit integers; the sums are the same.
  private static func integer(
    _ layer: FoldedNetwork.Layer,
    _ weights: Quantizer?,
    _ weightValues: OperandValues?,
    _ activationValues: OperandValues?,
    _ datapath: Datapath,
    _ features: CPUFeatures
  ) -> Implementation {
    if datapath != .integer16, let bytes = activationValues?.unsignedBytes,
      let table = weightValues?.signedBytes,
      let kernel = KernelTable.bytes(
        for: features,
        greatestProduct: bytes.greatest * (weightValues?.greatestInteger ?? 0)
      )
    {
      return .bytes(
        ByteConvolution(
          shape: layer.shape,
          weights: encode(layer, weights, through: table),
          zero: bytes.zero,
          kernel: kernel
        ),
        table: bytes
      )
    }
    return .integer(
      IntegerConvolution(
        shape: layer.shape,
        weights: encode(layer, weights, through: weightValues?.integers ?? []),
        kernel: KernelTable.int16(for: features)
      ),
      table: activationValues?.integers ?? []
    )
  }

  /// The name of the kernel, for reports.
  var kernelName: String {
    switch implementation {
    case .float(let convolution, _): convolution.kernelName
    case .integer(let convolution, _): convolution.kernelName
    case .bytes(let convolution, _): convolution.kernelName
    }
  }

  /// Computes some images.
  ///
  /// `addend`: added before ReLU, such as the other side of a residual block.
  ///
  /// - Shape: `input` is imageCount x height x width x inputChannels, unpadded; `output` and `addend` imageCount x
  ///   pixels x outputChannels.
  package func run(
    _ input: UnsafePointer<Float>,
    imageCount: Int = 1,
    into output: UnsafeMutablePointer<Float>,
    scratch: LayerScratch,
    appliesReLU: Bool,
    addend: UnsafePointer<Float>? = nil
  ) {
    let epilogue = appliesReLU ? rectified : plain
    switch implementation {
    case .float(let convolution, let table):
      var operands = input
      if activations != nil || shape.padding > 0 {
        let padded = scratch.padded(as: Float.self)
        PaddedImage.fill(padded, from: input, imageCount: imageCount, shape: shape, zero: 0) {
          quantize($0, table: table, scratch: scratch, into: $1)
        }
        operands = UnsafePointer(padded)
      }
      convolution.run(operands, imageCount: imageCount, epilogue: epilogue, addend: addend, into: output)
    case .integer(let convolution, let table):
      let padded = scratch.padded(as: Int16.self)
      PaddedImage.fill(padded, from: input, imageCount: imageCount, shape: shape, zero: 0) { line, target in
        let scaled = divide(line, scratch)
        table.withUnsafeBufferPointer { quantizer.codec.encode(scaled, through: $0, into: target) }
      }
      convolution.run(padded, imageCount: imageCount, epilogue: epilogue, addend: addend, into: output)
    case .bytes(let convolution, let table):
      let padded = scratch.padded(as: UInt8.self)
      PaddedImage.fill(
        padded,
        from: input,
        imageCount: imageCount,
        shape: shape,
        zero: table.zero
      ) { line, target in
        let scaled = divide(line, scratch)
        table.values.withUnsafeBufferPointer {
          quantizer.codec.encode(scaled, through: $0, into: target)
        }
      }
      convolution.run(padded, imageCount: imageCount, epilogue: epilogue, addend: addend, into: output)
    }
  }

  private var quantizer: Quantizer {
    guard let activations else { preconditionFailure("integers need a quantizer") }
    return activations
  }

  private func quantize(
    _ line: UnsafeBufferPointer<Float>,
    table: [Float]?,
    scratch: LayerScratch,
    into target: UnsafeMutablePointer<Float>
  ) {
    guard let activations else {
      if let base = line.baseAddress { target.update(from: base, count: line.count) }
      return
    }
    let scaled = divide(line, scratch)
    if let table {
      table.withUnsafeBufferPointer {
        activations.codec.encode(scaled, through: $0, into: target)
      }
    } else {
      activations.codec.roundTrip(scaled, into: target)
      for index in 0..<line.count { target[index] /= activationUnit }
    }
  }

  /// The values of whole pixels, divided by the scale of the tensor or of their channel.
  private func divide(
    _ line: UnsafeBufferPointer<Float>,
    _ scratch: LayerScratch
  ) -> UnsafeBufferPointer<Float> {
    let scales = quantizer.scales
    if scales == [1] { return line }
    let row = scratch.row
    if scales.count == 1 {
      let scale = scales[0]
      for index in 0..<line.count { row[index] = line[index] / scale }
    } else {
      scales.withUnsafeBufferPointer { scales in
        for pixel in stride(from: 0, to: line.count, by: scales.count) {
          for channel in 0..<scales.count {
            row[pixel + channel] = line[pixel + channel] / scales[channel]
          }
        }
      }
    }
    return UnsafeBufferPointer(start: row, count: line.count)
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
