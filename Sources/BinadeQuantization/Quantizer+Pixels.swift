import BinadeKernels

/// Tensors with the channels innermost, as feature maps are.
extension Quantizer {
  // One overload per element type instead of a public generic function: a generic one is not specialised for callers
  // in other modules.

  /// Encodes whole pixels, one byte per element.
  ///
  /// - Shape: `values` is pixels x channels; `scratch` and `codes` hold as many elements.
  /// - Precondition: the format has at most 8 bits.
  package func encode(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    scratch: UnsafeMutablePointer<Float>,
    into codes: UnsafeMutablePointer<UInt8>
  ) {
    guard scales.count > 1 else {
      bulkCodec.encode(values, scales: .tensor(scales[0]), into: codes)
      return
    }
    bulkCodec.encode(quotients(values, channels, scratch), into: codes)
  }

  /// Encodes whole pixels, two bytes per element.
  ///
  /// - Shape: `values` is pixels x channels; `scratch` and `codes` hold as many elements.
  /// - Precondition: the format has at most 16 bits.
  package func encode(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    scratch: UnsafeMutablePointer<Float>,
    into codes: UnsafeMutablePointer<UInt16>
  ) {
    guard scales.count > 1 else {
      bulkCodec.encode(values, scales: .tensor(scales[0]), into: codes)
      return
    }
    bulkCodec.encode(quotients(values, channels, scratch), into: codes)
  }

  /// Divides whole pixels by their scales and rounds them to the format: values in multiples of `unit`, a power of two.
  ///
  /// - Shape: `values` is pixels x channels; `output` holds as many elements.
  package func round(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    unit: Float,
    into output: UnsafeMutablePointer<Float>
  ) {
    codec.roundTrip(quotients(values, channels, output), into: output)
    if unit != 1 {
      for index in 0..<values.count { output[index] /= unit }
    }
  }

  /// The values, divided by the scale of the tensor or of their channel.
  private func quotients(
    _ values: UnsafeBufferPointer<Float>,
    _ channels: Int,
    _ scratch: UnsafeMutablePointer<Float>
  ) -> UnsafeBufferPointer<Float> {
    if scales.count == 1 {
      let scale = scales[0]
      for index in 0..<values.count { scratch[index] = values[index] / scale }
    } else {
      scales.withUnsafeBufferPointer { scales in
        for pixel in stride(from: 0, to: values.count, by: channels) {
          for channel in 0..<channels {
            scratch[pixel + channel] = values[pixel + channel] / scales[channel]
          }
        }
      }
    }
    return UnsafeBufferPointer(start: scratch, count: values.count)
  }
}
