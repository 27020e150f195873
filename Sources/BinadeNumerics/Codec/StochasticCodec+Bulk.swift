extension StochasticCodec {
  // One overload per element type, as in FormatCodec: public generic functions are not specialised for callers in
  // other modules.

  /// Encodes `input` into `codes`, one byte per element.
  ///
  /// Element i gets the word of element `firstElement + i`, so a tensor may come in pieces, on any thread.
  ///
  /// - Shape: `codes` holds at least `input.count` elements.
  /// - Precondition: the format has at most 8 bits.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    words: CounterGenerator,
    firstElement: UInt64 = 0,
    into codes: UnsafeMutablePointer<UInt8>
  ) {
    precondition(info.bitWidth <= 8, "UInt8 is too narrow for '\(info.name)'")
    forEachCode(input, words, firstElement) { codes[$0] = UInt8(truncatingIfNeeded: $1) }
  }

  /// Encodes `input` into `codes`, two bytes per element.
  ///
  /// - Shape: `codes` holds at least `input.count` elements.
  /// - Precondition: the format has at most 16 bits.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    words: CounterGenerator,
    firstElement: UInt64 = 0,
    into codes: UnsafeMutablePointer<UInt16>
  ) {
    precondition(info.bitWidth <= 16, "UInt16 is too narrow for '\(info.name)'")
    forEachCode(input, words, firstElement) { codes[$0] = UInt16(truncatingIfNeeded: $1) }
  }

  /// Encodes `input` into `codes`, four bytes per element.
  ///
  /// - Shape: `codes` holds at least `input.count` elements.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    words: CounterGenerator,
    firstElement: UInt64 = 0,
    into codes: UnsafeMutablePointer<UInt32>
  ) {
    forEachCode(input, words, firstElement) { codes[$0] = $1 }
  }

  /// Rounds `input` to the values of the format.
  ///
  /// - Shape: `output` holds at least `input.count` elements; it may be `input` itself.
  public func roundTrip(
    _ input: UnsafeBufferPointer<Float>,
    words: CounterGenerator,
    firstElement: UInt64 = 0,
    into output: UnsafeMutablePointer<Float>
  ) {
    forEachCode(input, words, firstElement) { output[$0] = decode($1) }
  }

  @inline(__always)
  private func forEachCode(
    _ input: UnsafeBufferPointer<Float>,
    _ words: CounterGenerator,
    _ firstElement: UInt64,
    _ body: (Int, UInt32) -> Void
  ) {
    guard let table else {
      for index in 0..<input.count {
        let word = words.word(of: firstElement &+ UInt64(index))
        body(index, encodeWithoutTable(Double(input[index]), word: word))
      }
      return
    }
    let rounding = rounding
    let (least, greatest) = (table.least, table.greatest)
    table.gaps.withUnsafeBufferPointer { gaps in
      table.table.forEachCode(of: input) { index, gap in
        let value = input[index]
        let word = words.word(of: firstElement &+ UInt64(index))
        if value >= least, value <= greatest,
          let code = table.code(of: Double(value), inGap: Int(gap), word: word, rounding, gaps)
        {
          body(index, code)
        } else {
          body(index, reference.encode(Double(value), word: word))
        }
      }
    }
  }
}
