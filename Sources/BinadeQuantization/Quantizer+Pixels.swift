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

  /// Calls `body` with whole pixels divided by their scales.
  private func withQuotients(
    of values: UnsafeBufferPointer<Float>,
    _ channels: Int,
    _ body: (UnsafeBufferPointer<Float>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: values.count) { quotients in
      guard let base = quotients.baseAddress else { return }
      bulkCodec.divide(values, by: pixelScales(channels: channels), into: base)
      body(UnsafeBufferPointer(quotients))
    }
  }

  // One overload per element type instead of a public generic function: a generic one is not specialised for callers
  // in other modules.

  /// Encodes whole pixels, one byte per element.
  ///
  /// `firstElement`: the place of the first in the tensor, for random words.
  ///
  /// - Shape: `values` is pixels x channels; `codes` holds as many elements.
  /// - Precondition: the format has at most 8 bits.
  package func encode(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    firstElement: Int = 0,
    into codes: UnsafeMutablePointer<UInt8>
  ) {
    if let random {
      withQuotients(of: values, channels) {
        random.codec.encode($0, words: random.words, firstElement: UInt64(firstElement), into: codes)
      }
      return
    }
    bulkCodec.encode(values, scales: pixelScales(channels: channels), into: codes)
  }

  /// Encodes whole pixels, two bytes per element.
  ///
  /// - Shape: `values` is pixels x channels; `codes` holds as many elements.
  /// - Precondition: the format has at most 16 bits.
  package func encode(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    firstElement: Int = 0,
    into codes: UnsafeMutablePointer<UInt16>
  ) {
    if let random {
      withQuotients(of: values, channels) {
        random.codec.encode($0, words: random.words, firstElement: UInt64(firstElement), into: codes)
      }
      return
    }
    bulkCodec.encode(values, scales: pixelScales(channels: channels), into: codes)
  }

  /// Divides whole pixels by their scales and rounds them to the format: values in multiples of `unit`, a power of two.
  ///
  /// - Shape: `values` is pixels x channels; `output` holds as many elements.
  package func round(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    unit: Float,
    firstElement: Int = 0,
    into output: UnsafeMutablePointer<Float>
  ) {
    if random == nil, limits == nil, case .tensor(let scale) = scales {
      bulkCodec.round(values, scale: scale, unit: unit, into: output)
      return
    }
    bulkCodec.divide(values, by: pixelScales(channels: channels), into: output)
    let quotients = UnsafeBufferPointer(start: output, count: values.count)
    if let random {
      random.codec.roundTrip(
        quotients,
        words: random.words,
        firstElement: UInt64(firstElement),
        into: output
      )
    } else {
      bulkCodec.fakeQuantize(quotients, into: output)
    }
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
    firstElement: Int = 0,
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
    } else if let random {
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: values.count) { codes in
        guard let base = codes.baseAddress else { return }
        withQuotients(of: values, channels) {
          random.codec.encode($0, words: random.words, firstElement: UInt64(firstElement), into: base)
        }
        bulkCodec.decode(
          UnsafeBufferPointer(codes),
          scales: pixelScales(channels: channels),
          into: output
        )
      }
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
