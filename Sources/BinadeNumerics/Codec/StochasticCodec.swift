/// A format compiled for stochastic rounding.
///
/// Formats of up to 16 bits become a table of gaps: one lookup, one subtraction and one multiplication give the
/// count of words that round away. Where a gap is no power of two that count is exact only outside a small margin, and
/// within it the slow twin decides, so every result is exact. Wider formats find their gap in closed form.
public struct StochasticCodec: Sendable {
  /// The format's description.
  public let info: FormatInfo
  /// The slow twin.
  public let reference: StochasticEncoder
  /// nil for formats of more than 16 bits.
  let table: StochasticGaps?
  let format: any NumericFormat
  private let values: [Float]

  /// Random bits and variant.
  public var rounding: StochasticRounding { reference.rounding }

  /// Compiles `format`; `dialect` stands above `overflow`.
  ///
  /// Throws ``FormatError`` when the format has no ladder, or when it should wrap: stochastic rounding does not.
  ///
  /// - Complexity: O(n log n) in the number of codes, for formats of up to 16 bits; O(1) for wider ones.
  public init(
    _ format: any NumericFormat,
    rounding: StochasticRounding,
    overflow: OverflowRule = .saturate,
    dialect: Dialect? = nil
  ) throws(FormatError) {
    guard dialect != nil || overflow != .wrap else {
      throw .invalidParameter(
        format: format.info.name,
        parameter: "overflow",
        found: "wrap",
        allowed: "ieee or saturate with stochastic rounding"
      )
    }
    let ladder = try format.makeLadder()
    self.format = format
    info = format.info
    reference = StochasticEncoder(
      ladder: ladder,
      rounding: rounding,
      overflow: overflow,
      dialect: dialect
    )
    table = (ladder as? EnumeratedLadder).map { StochasticGaps($0, rounding) }
    let codeCount = table == nil ? 0 : UInt32(1) << UInt32(format.info.bitWidth)
    values = (0..<codeCount).map { Float(format.decode($0)) }
  }

  /// Returns the code of a Float for a random word, of which the low `rounding.bitCount` bits count.
  public func encode(_ value: Float, word: UInt32) -> UInt32 {
    guard let table else { return encodeWithoutTable(Double(value), word: word) }
    guard value >= table.least, value <= table.greatest else {
      return reference.encode(Double(value), word: word)
    }
    let index = Int(table.table.code(for: value))
    let code = table.gaps.withUnsafeBufferPointer {
      table.code(of: Double(value), inGap: index, word: word, rounding, $0)
    }
    return code ?? reference.encode(Double(value), word: word)
  }

  /// Returns the code of a Double for a random word: no step through Float32.
  public func encode(_ value: Double, word: UInt32) -> UInt32 {
    guard let table else { return encodeWithoutTable(value, word: word) }
    guard let first = table.values.first, let last = table.values.last, value >= first, value <= last
    else { return reference.encode(value, word: word) }
    let index = table.index(of: value)
    let code = table.gaps.withUnsafeBufferPointer {
      table.code(of: value, inGap: index, word: word, rounding, $0)
    }
    return code ?? reference.encode(value, word: word)
  }

  /// As with a table, but the gap is made for the occasion.
  func encodeWithoutTable(_ value: Double, word: UInt32) -> UInt32 {
    let ladder = reference.ladder
    guard value > ladder.least.value, value < ladder.greatest.value else {
      return reference.encode(value, word: word)
    }
    let (lower, upper) = ladder.neighbours(of: value)
    guard lower.code != upper.code,
      let (code, isZero) = StochasticGaps.choose(
        value,
        StochasticGaps.gap(lower, upper, ladder.underflow, rounding),
        word,
        rounding
      )
    else { return reference.encode(value, word: word) }
    return isZero && value < 0 ? ladder.specials.negativeZero ?? code : code
  }

  /// Returns the value of `code` as a Float32 (nearest, for values that are not Floats).
  ///
  /// - Precondition: `code < 2^bitWidth`.
  public func decode(_ code: UInt32) -> Float {
    values.isEmpty ? Float(format.decode(code)) : values[Int(code)]
  }
}
