/// A block format compiled for one rounding rule: rows of Float32 to codes and back.
///
/// A row is cut into blocks; the last one may be short. Each block is scaled by what its greatest magnitude asks
/// for, and its elements are rounded once, saturating.
///
/// Division by a power of two is exact in Double, also where Float32 would underflow. Other quotients `x / scale`
/// are rounded to Double first, which changes nothing: let b be a value or boundary of the element. When x is not
/// b * scale, the two differ by at least 2^-m of themselves, m being the bits of the longer one: 24, or those of b
/// and the scale together, which ``BlockFormat`` holds at 51 or fewer. No Double quotient can step over 2^-51 of b,
/// so it lies on b's side that the exact one lies on.
///
/// - Special values: a block with NaN or an infinity decodes to NaN whole. Where the scale has a NaN it is the
///   scale's code; where it has none (VS-Quant) the outer scale, and with it the row, is NaN. Element codes of such
///   a block are those of zero.
/// - Zeros: a block of zeros has the least scale (code 0 of a power of two: 2^-127) and the elements zero, with
///   their signs where the element has -0. A scale that underflows to zero makes all elements of its block zero,
///   likewise; so does an outer scale, for its row or tensor.
/// - Overflow: elements saturate. A decoded value beyond Float32 is an infinity, as the product of the codes' values
///   rounds; `ceil`, `rceil` and `even` can reach it when amax is above 2^127, an outer scale when it is the greatest
///   Float.
/// - Source: OCP Microscaling Formats (MX) version 1.0, 2023, section 6.3.
public struct BlockCodec: Sendable {
  private enum Scaler: Sendable {
    case powerOfTwo(ScaleRule)
    case number(ElementEncoder, greatest: Double, nan: UInt32?)
  }

  /// The format.
  public let format: BlockFormat
  /// How elements are rounded.
  public let rounding: RoundingRule
  /// Which scales are tried for a block.
  public let search: BlockScaleSearch
  private let elements: ElementEncoder
  private let scaler: Scaler
  private let zeroCode: UInt32
  /// The codes of the scales that are positive numbers, with their values, ascending; for a search.
  let scaleValues: [(code: UInt32, value: Double)]

  /// Compiles `format`; scales are rounded to nearest even whatever `rounding` says of the elements.
  ///
  /// Throws when `search` is for other elements.
  public init(
    _ format: BlockFormat,
    rounding: RoundingRule = .nearestEven,
    search: BlockScaleSearch = .none
  ) throws(FormatError) {
    self.format = format
    self.rounding = rounding
    self.search = search
    try search.check(format)
    elements = try ElementEncoder(format.element, values: format.elementValues, rounding: rounding)
    zeroCode = format.elementValues.ladder.specials.zero ?? 0
    scaleValues = search == .mse ? format.positiveScales : []
    switch (format.scale, format.scaleValues) {
    case (.number(let scaleFormat, _), let values?):
      scaler = .number(
        try ElementEncoder(scaleFormat, values: values, rounding: .nearestEven),
        greatest: values.greatest,
        nan: values.ladder.specials.nan
      )
    case (.powerOfTwo(let rule), _):
      scaler = .powerOfTwo(rule)
    case (.number(let scaleFormat, _), nil):
      throw .needsClosedForm(format: scaleFormat.name, bitWidth: scaleFormat.bitWidth)
    }
  }

  // MARK: Rows

  /// Encodes one row.
  ///
  /// `outerScale`: the scale of the tensor that the row belongs to; nil derives it from this row alone.
  public func encode(_ row: [Float], outerScale: Float? = nil) -> BlockRow {
    row.withUnsafeBufferPointer { input in
      let outer = outerScale ?? self.outerScale(greatestMagnitude: greatestMagnitude(of: input))
      var result = BlockRow(codes: [], scaleCodes: [], outerScale: outer)
      result.codes.reserveCapacity(input.count)
      forEachBlock(of: input) { block, _ in
        let code = scaleCode(of: block, outerScale: outer)
        result.scaleCodes.append(code)
        appendCodes(of: block, scale: scale(of: code, outerScale: outer), to: &result.codes)
      }
      return result
    }
  }

  /// Decodes one row: element times scale, exact, rounded once to Float32.
  ///
  /// - Precondition: there is a scale for every block and no code beyond the width of its format.
  public func decode(_ row: BlockRow) -> [Float] {
    let blockCount = (row.codes.count + format.blockLength - 1) / format.blockLength
    precondition(
      row.scaleCodes.count == blockCount,
      "\(row.scaleCodes.count) scales for \(blockCount) blocks"
    )
    let scales = row.scaleCodes.map { scale(of: $0, outerScale: row.outerScale) }
    return row.codes.enumerated().map { index, code in
      Float(elements.values[Int(code)] * scales[index / format.blockLength])
    }
  }

  /// Rounds one row to the values of the format: encodes and decodes.
  ///
  /// `outerScale`: the scale of the tensor that the row belongs to; nil derives it from this row alone.
  ///
  /// - Shape: `output` holds at least `input.count` elements; it may be `input` itself.
  public func roundTrip(
    _ input: UnsafeBufferPointer<Float>,
    into output: UnsafeMutablePointer<Float>,
    outerScale: Float? = nil
  ) {
    let outer = outerScale ?? self.outerScale(greatestMagnitude: greatestMagnitude(of: input))
    forEachBlock(of: input) { block, start in
      let scale = scale(of: scaleCode(of: block, outerScale: outer), outerScale: outer)
      for index in 0..<block.count {
        output[start + index] = value(of: code(of: block[index], scale: scale), scale: scale)
      }
    }
  }

  /// Rounds one row to the values of the format, as an array.
  public func roundTrip(_ row: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: row.count) { output, count in
      row.withUnsafeBufferPointer { input in
        if let base = output.baseAddress { roundTrip(input, into: base) }
      }
      count = row.count
    }
  }

  // MARK: Scales

  /// Returns what an outer scale is derived from: the greatest magnitude of the blocks without NaN and infinities.
  ///
  /// NaN when there is such a block and the scale has no NaN to tell it.
  public func greatestMagnitude(of row: UnsafeBufferPointer<Float>) -> Float {
    guard case .number(_, _, let nan) = scaler, format.scale.outer != .none else { return 0 }
    var greatest: Float = 0
    forEachBlock(of: row) { block, _ in
      let amax = Self.greatestMagnitude(block)
      if amax.isNaN {
        if nan == nil { greatest = .nan }
      } else if amax > greatest {
        greatest = amax
      }
    }
    return greatest
  }

  /// Returns the outer scale of a row or tensor: `amax / (greatest element * greatest scale)`, nearest in Float32.
  ///
  /// 1 in formats that have none.
  public func outerScale(greatestMagnitude amax: Float) -> Float {
    guard case .number(_, let greatest, _) = scaler, format.scale.outer != .none else { return 1 }
    return amax / Float(format.greatestElement * greatest)
  }

  /// Returns the code of a block's scale.
  ///
  /// `amax`: the block's greatest magnitude, NaN for a block with NaN or an infinity.
  package func scaleCode(greatestMagnitude amax: Float, outerScale: Float) -> UInt32 {
    switch scaler {
    case .powerOfTwo(let rule):
      if amax.isNaN { return 255 }
      return UInt32(rule.exponent(of: amax, for: format.elementValues) + 127)
    case .number(let scales, _, let nan):
      if amax.isNaN, let nan { return nan }
      // An outer scale of zero or NaN leaves nothing for the blocks to say.
      guard amax > 0, outerScale > 0 else { return scales.encode(0) }
      return scales.encode(Double(amax) / (format.greatestElement * Double(outerScale)))
    }
  }

  /// Returns what elements of a block are multiplied by: exact, NaN for a block that is NaN.
  ///
  /// Encoding gives no infinite scale; one that is read makes its block NaN.
  package func scale(of code: UInt32, outerScale: Float) -> Double {
    switch scaler {
    case .powerOfTwo:
      code == 255 ? .nan : Double(sign: .plus, exponent: Int(code) - 127, significand: 1)
    case .number(let scales, _, _):
      scales.values[Int(code)].isFinite ? scales.values[Int(code)] * Double(outerScale) : .nan
    }
  }

  /// Returns the greatest magnitude of a block; NaN when it holds NaN or an infinity.
  package static func greatestMagnitude(_ block: UnsafeBufferPointer<Float>) -> Float {
    // Magnitudes order like their bits, and what is not finite comes last.
    var greatest: UInt32 = 0
    for value in block { greatest = max(greatest, value.bitPattern & 0x7FFF_FFFF) }
    return greatest >= 0x7F80_0000 ? .nan : Float(bitPattern: greatest)
  }

  /// Returns the code of one element of a block with a scale.
  @inline(__always)
  package func code(of value: Float, scale: Double) -> UInt32 {
    if scale.isNaN { return zeroCode }
    return elements.encode(scale == 0 ? Double(value) * 0 : Double(value) / scale)
  }

  /// Returns what a code stands for in a block with a scale.
  @inline(__always)
  package func value(of code: UInt32, scale: Double) -> Float { Float(elements.values[Int(code)] * scale) }

  /// Appends the codes of the elements of one block.
  package func appendCodes(
    of block: UnsafeBufferPointer<Float>,
    scale: Double,
    to codes: inout [UInt32]
  ) {
    for value in block { codes.append(code(of: value, scale: scale)) }
  }

  @inline(__always)
  private func forEachBlock(
    of row: UnsafeBufferPointer<Float>,
    _ body: (UnsafeBufferPointer<Float>, Int) -> Void
  ) {
    var start = 0
    while start < row.count {
      let end = min(start + format.blockLength, row.count)
      body(UnsafeBufferPointer(rebasing: row[start..<end]), start)
      start = end
    }
  }
}
