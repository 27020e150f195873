import BinadeKernels

/// Tensors with the channels innermost, as feature maps are.
extension Quantizer {
  /// The scales of elements of whole pixels, and what their channels use of the format.
  ///
  /// - Precondition: no block format; as many channels as the quantizer has, where it has some.
  package func pixelScales(channels: Int) -> BulkScales {
    let values = scales.values
    guard values.count > 1 || limits != nil else { return .tensor(values[0]) }
    func spread(_ values: [Float]) -> [Float] {
      values.count == 1 ? [Float](repeating: values[0], count: channels) : values
    }
    precondition([1, channels].contains(values.count), "\(values.count) scales for \(channels) channels")
    return .innermost(
      spread(values),
      least: limits.map { spread($0.least) } ?? [],
      greatest: limits.map { spread($0.greatest) } ?? []
    )
  }

  // One overload per element type instead of a public generic function: a generic one is not specialised for callers
  // in other modules.

  /// Encodes whole pixels, one byte per element.
  ///
  /// - Shape: `values` is pixels x channels; `codes` holds as many elements.
  /// - Precondition: the format has at most 8 bits.
  package func encode(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    into codes: UnsafeMutablePointer<UInt8>
  ) {
    bulkCodec.encode(values, scales: pixelScales(channels: channels), into: codes)
  }

  /// Encodes whole pixels, two bytes per element.
  ///
  /// - Shape: `values` is pixels x channels; `codes` holds as many elements.
  /// - Precondition: the format has at most 16 bits.
  package func encode(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    into codes: UnsafeMutablePointer<UInt16>
  ) {
    bulkCodec.encode(values, scales: pixelScales(channels: channels), into: codes)
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
    bulkCodec.divide(values, by: pixelScales(channels: channels), into: output)
    bulkCodec.fakeQuantize(UnsafeBufferPointer(start: output, count: values.count), into: output)
    if unit != 1 {
      for index in 0..<values.count { output[index] /= unit }
    }
  }

  /// Rounds whole pixels, rotated if that is asked for, to the values that the quantizer can represent, as far as the parts of the error go that are there.
  ///
  /// - Shape: `values` is pixels x channels; `output` holds as many elements.
  public func fakeQuantize(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    if let rotation {
      var unrotated = self
      unrotated.rotation = nil
      withUnsafeTemporaryAllocation(of: Float.self, capacity: values.count) { rotated in
        _ = rotated.update(fromContentsOf: values)
        rotation.apply(rotated, rowLength: channels)
        unrotated.fakeQuantize(UnsafeBufferPointer(rotated), channels: channels, into: output)
      }
      return
    }
    if let blocks {
      blocks.fakeQuantize(values, rowLength: channels, into: output)
    } else {
      bulkCodec.fakeQuantize(values, scales: pixelScales(channels: channels), into: output)
    }
    if let separation { separate(separation, values, channels: channels, output) }
  }

  /// Keeps parts of the errors of rounded pixels.
  private func separate(
    _ separation: ErrorSeparation,
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    _ output: UnsafeMutablePointer<Float>
  ) {
    func keep(_ index: Int, _ least: Float, _ greatest: Float) {
      output[index] = separation.value(
        values[index],
        quantized: output[index],
        least: least,
        greatest: greatest
      )
    }
    if let blocks {
      blocks.forEachBlock(of: values, rowLength: channels) { block, least, greatest in
        for index in block { keep(index, least, greatest) }
      }
      return
    }
    let ranges = (0..<channels).map { range(ofChannel: $0) }
    forEachChannelOfPixels(values.count, channels) { keep($0, ranges[$1].lowerBound, ranges[$1].upperBound) }
  }

  @inline(__always)
  private func forEachChannelOfPixels(
    _ count: Int,
    _ channels: Int,
    _ body: (_ place: Int, _ channel: Int) -> Void
  ) {
    for pixel in stride(from: 0, to: count, by: channels) {
      for channel in 0..<channels { body(pixel + channel, channel) }
    }
  }
}
