import BinadeKernels
import BinadeQuantization

/// A layer of a compiled network in real numbers, for those who compute it with something else.
///
/// `output = ReLU(convolution(quantized input, weights) + bias + residual)`, as far as the layer has these parts; in the
/// arithmetic of its datapath, so that sums differ from those of another order by float32's rounding.
public struct LayerInspection: Sendable {
  /// As in the weight file.
  public let name: String
  /// The sizes; fully connected layers are 1 x 1 convolutions on one pixel.
  public let shape: ConvolutionShape
  /// What the weights have become, scales included: outputChannels x channels per group x kernelHeight x kernelWidth.
  public let weights: [Float]
  /// One per output channel, batch norm and corrections included.
  public let bias: [Float]
  /// Scales of the weights, one or one per output channel; those above the blocks in block formats; empty without a
  /// quantizer.
  public let weightScales: [Float]
  /// Scales of the input, one or one per input channel; the one above the blocks in block formats; empty without a
  /// quantizer.
  public let inputScales: [Float]
  /// The zero points of both, in steps between neighbouring values.
  public let zeroPoints: (weights: Int, activations: Int)
  /// Whether something is added before ReLU, such as the other side of a residual block.
  public let addsResidual: Bool
  /// Whether negative outputs become 0.
  public let appliesReLU: Bool
}

extension CompiledNetwork {
  /// A layer in real numbers.
  ///
  /// With one activation scale per input channel the weights are shown without it, and each channel of the quantized input
  /// with its own.
  public func inspection(ofLayer index: Int) -> LayerInspection {
    let engine = engines[index]
    let step = folded.plan.stages.first {
      if case .layer(index) = $0.operation { true } else { false }
    }
    return LayerInspection(
      name: folded.layers[index].name,
      shape: engine.shape,
      weights: operands[index].realWeights(engine.shape),
      bias: engine.plain.bias,
      weightScales: operands[index].codedWeights?.quantizer.scales.values ?? [],
      inputScales: engine.activations?.scales.values ?? [],
      zeroPoints: zeroPoints(ofLayer: index),
      addsResidual: (step?.inputs.count ?? 1) > 1,
      appliesReLU: step?.appliesReLU ?? false
    )
  }

  /// What a layer makes of its input before it multiplies: the values of codes, scales included.
  ///
  /// `image`: its number among the evaluated images, for random words.
  ///
  /// - Shape: `values` is pixels x channels, channels innermost; the result as well.
  public func quantizedInput(_ values: UnsafeBufferPointer<Float>, image: Int = 0, ofLayer index: Int)
    -> [Float]
  {
    Array(unsafeUninitializedCapacity: values.count) { buffer, count in
      if let base = buffer.baseAddress {
        if let quantizer = operands[index].activations {
          quantizer.fakeQuantize(
            values,
            channels: engines[index].shape.inputChannels,
            firstElement: image * values.count,
            into: base
          )
        } else if let source = values.baseAddress {
          base.update(from: source, count: values.count)
        }
      }
      count = values.count
    }
  }
}
