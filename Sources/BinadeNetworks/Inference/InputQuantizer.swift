import BinadeQuantization

/// What the input of a layer goes through where it stays in float32: the values of codes, not the codes.
public enum InputQuantizer: Sendable {
  /// Nothing.
  case none
  /// Affine quantizers, each channel with its own range and bits.
  case affine(AffineChannels)
  /// A format with scales.
  case fitted(Quantizer)
  /// Affine quantizers of whose error only some parts are there.
  case separatedAffine(AffineChannels, ErrorSeparation)
  /// A format of whose error only some parts are there.
  case separated(SeparatedQuantizer)

  /// Bits of an element, the mean over the channels; 32 without a quantizer.
  public var meanBitWidth: Double {
    switch self {
    case .none: 32
    case .affine(let channels), .separatedAffine(let channels, _): channels.meanBitWidth
    case .fitted(let quantizer): Double(quantizer.codec.info.bitWidth)
    case .separated(let separated): Double(separated.quantizer.codec.info.bitWidth)
    }
  }

  /// Bits of scales, offsets (8 each) and bit widths (4 each, where channels differ).
  public var parameterBitCount: Int {
    switch self {
    case .none: 0
    case .affine(let channels), .separatedAffine(let channels, _):
      channels.quantizers.count * (32 + 8 + (Set(channels.quantizers.map(\.bitWidth)).count > 1 ? 4 : 0))
    case .fitted(let quantizer): quantizer.scaleBitCount
    case .separated(let separated): separated.quantizer.scaleBitCount
    }
  }

  /// The least and the greatest value that a channel can have afterwards.
  func range(ofChannel channel: Int) -> ClosedRange<Float> {
    func range(_ quantizer: Quantizer) -> ClosedRange<Float> {
      let ladder = quantizer.codec.reference.ladder
      let scale = quantizer.scale(ofChannel: channel)
      return Float(ladder.least.value) * scale...Float(ladder.greatest.value) * scale
    }
    switch self {
    case .none: return -.infinity ... .infinity
    case .affine(let channels), .separatedAffine(let channels, _):
      let quantizer = channels.quantizers[channels.quantizers.count == 1 ? 0 : channel]
      return Float(quantizer.decode(0))...Float(quantizer.decode(quantizer.greatestCode))
    case .fitted(let quantizer): return range(quantizer)
    case .separated(let separated): return range(separated.quantizer)
    }
  }

  /// Adds the error on one image to `error`.
  func measure(_ input: ObservedInput, into error: inout QuantizationError) {
    if case .fitted(let quantizer) = self, let blocks = quantizer.blocks {
      error.measure(input.elements, rowLength: input.channelCount, blocks: blocks)
    } else {
      input.forEachChannel { channel, plane in measure(plane, channel: channel, into: &error) }
    }
  }

  /// Adds the error on one channel, alone, to `error`.
  private func measure(_ plane: UnsafeBufferPointer<Float>, channel: Int, into error: inout QuantizationError)
  {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(plane.count, 1)) { rounded in
      guard let rounded = rounded.baseAddress else { return }
      switch self {
      case .none: return
      case .fitted(let quantizer):
        error.measure(plane, quantizer: quantizer, channel: channel)
        return
      case .affine(let channels):
        for index in plane.indices { rounded[index] = channels.fakeQuantize(plane[index], channel: channel) }
      case .separatedAffine(let channels, let separation):
        let range = range(ofChannel: channel)
        for index in plane.indices {
          rounded[index] = separation.value(
            plane[index],
            quantized: channels.fakeQuantize(plane[index], channel: channel),
            least: range.lowerBound,
            greatest: range.upperBound
          )
        }
      case .separated(let separated):
        for index in plane.indices { rounded[index] = separated.value(plane[index], channel: channel) }
      }
      error.measure(plane, quantized: rounded, range: range(ofChannel: channel))
    }
  }

  /// Rounds whole pixels.
  ///
  /// - Shape: `values` is pixels x channels; `output` holds as many elements.
  func apply(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .none:
      if let base = values.baseAddress { output.update(from: base, count: values.count) }
    case .affine(let quantizers):
      quantizers.fakeQuantize(values, channels: channels, into: output)
    case .separatedAffine(let quantizers, let separation):
      quantizers.fakeQuantize(values, channels: channels, into: output)
      let ranges = (0..<channels).map { range(ofChannel: $0) }
      for pixel in stride(from: 0, to: values.count, by: channels) {
        for channel in 0..<channels {
          output[pixel + channel] = separation.value(
            values[pixel + channel],
            quantized: output[pixel + channel],
            least: ranges[channel].lowerBound,
            greatest: ranges[channel].upperBound
          )
        }
      }
    case .fitted(let quantizer):
      if let blocks = quantizer.blocks {
        blocks.fakeQuantize(values, rowLength: channels, into: output)
        return
      }
      quantizer.round(values, channels: channels, unit: 1, into: output)
      let scales = quantizer.scales
      for pixel in stride(from: 0, to: values.count, by: channels) {
        for channel in 0..<channels { output[pixel + channel] *= scales[scales.count == 1 ? 0 : channel] }
      }
    case .separated(let separated):
      separated.apply(values, channels: channels, into: output)
    }
  }
}
