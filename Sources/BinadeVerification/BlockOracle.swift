import BinadeNumerics

/// What a block format must give, decided by MPFR.
///
/// Shares nothing with what it checks: the greatest magnitude, its exponent, quotients and products are MPFR's, and
/// the rules for scales are written here a second time.
final class BlockOracle {
  let format: BlockFormat
  let elements: MPFROracle
  /// The oracle of scales that are numbers.
  let scales: MPFROracle?

  /// Bits of quotients.
  ///
  /// Those of Floats, formats of up to 16 bits and their products differ from any boundary by
  /// more than 2^-100 of it, or not at all: 320 bits decide on which side they lie, and hold ties exactly.
  private static let precision = 320

  init(_ format: BlockFormat, rounding: RoundingRule) throws {
    self.format = format
    elements = try MPFROracle(
      format.element,
      policy: ConversionPolicy(rounding: rounding, overflow: .saturate)
    )
    if case .number(let scale, _) = format.scale {
      scales = try MPFROracle(
        scale,
        policy: ConversionPolicy(rounding: .nearestEven, overflow: .saturate)
      )
    } else {
      scales = nil
    }
  }

  // MARK: Encoding

  /// The codes that a row must become.
  func expectedRow(_ row: [Float]) -> BlockRow {
    let blocks = stride(from: 0, to: row.count, by: format.blockLength).map {
      Array(row[$0..<min($0 + format.blockLength, row.count)])
    }
    let outer = expectedOuterScale(blocks)
    var result = BlockRow(codes: [], scaleCodes: [], outerScale: outer)
    for block in blocks {
      let code = expectedScaleCode(magnitude(of: block), outerScale: outer)
      result.scaleCodes.append(code)
      let scale = scaleValue(of: code, outerScale: outer)
      result.codes += block.map { expectedCode(of: $0, scale: scale) }
    }
    return result
  }

  /// The greatest magnitude of a block; nil when it holds NaN or an infinity.
  func magnitude(of block: [Float]) -> MPFRNumber? {
    var greatest = MPFRNumber(0)
    for value in block {
      guard value.isFinite else { return nil }
      let number = MPFRNumber(Double(value))
      if number.comparedInMagnitude(to: greatest) > 0 { greatest = number }
    }
    return greatest.sign < 0 ? greatest.negated : greatest
  }

  private func expectedOuterScale(_ blocks: [[Float]]) -> Float {
    guard let scales, format.scale.outer != .none else { return 1 }
    var greatest = MPFRNumber(0)
    for block in blocks {
      if let magnitude = magnitude(of: block) {
        if magnitude.compared(to: greatest) > 0 { greatest = magnitude }
      } else if scales.ladder.specials.nan == nil {
        return .nan
      }
    }
    return outerScale(for: greatest)
  }

  /// The outer scale of a tensor with this greatest magnitude; 1 in formats that have none.
  func outerScale(for magnitude: MPFRNumber) -> Float {
    guard let scales, format.scale.outer != .none else { return 1 }
    let divisor = MPFRNumber.product(
      elements.ladder.greatest.value,
      scales.ladder.greatest.value,
      precision: Self.precision
    )
    return MPFRNumber.quotient(magnitude, divisor, precision: Self.precision).nearestFloat
  }

  /// The code of the scale of a block with this greatest magnitude.
  func expectedScaleCode(_ magnitude: MPFRNumber?, outerScale: Float) -> UInt32 {
    guard let scales else {
      guard let magnitude else { return 255 }
      return UInt32(expectedExponent(magnitude) + 127)
    }
    guard let magnitude else { return scales.ladder.specials.nan ?? scales.expectedCode(for: 0) }
    guard !outerScale.isNaN, outerScale != 0 else { return scales.expectedCode(for: 0) }
    let divisor = MPFRNumber.product(
      elements.ladder.greatest.value,
      MPFRNumber(Double(outerScale)),
      precision: Self.precision
    )
    return scales.expectedCode(
      for: .quotient(magnitude, divisor, precision: Self.precision),
      isNegative: false
    )
  }

  private func expectedExponent(_ magnitude: MPFRNumber) -> Int {
    if magnitude.isZero { return -127 }
    let greatest = elements.ladder.greatest.value
    let exponent: Int
    switch format.scale.rule {
    case .ceil:
      let binade = magnitude.binade
      let isPowerOfTwo = magnitude.compared(to: MPFRNumber(1, timesTwoTo: binade)) == 0
      exponent = (isPowerOfTwo ? binade : binade + 1) - greatest.binade
    case .rceil:
      // The least exponent that leaves no element beyond the greatest one.
      var least = magnitude.binade - greatest.binade - 1
      while greatest.scaled(byTwoTo: least).compared(to: magnitude) < 0 { least += 1 }
      exponent = least
    case .even:
      let step = MPFRNumber.difference(
        elements.ladder.afterGreatest,
        greatest,
        precision: Self.precision
      )
      let precision = greatest.binade - step.binade + 1
      exponent = magnitude.rounded(toPrecision: precision).binade - greatest.binade
    case .floor, nil:
      exponent = magnitude.binade - greatest.binade
    }
    return max(-127, min(127, exponent))
  }

  private func expectedCode(of value: Float, scale: MPFRNumber?) -> UInt32 {
    guard let scale else { return elements.ladder.specials.zero ?? 0 }
    let isNegative = value.sign == .minus
    if scale.isZero || value == 0 { return elements.expectedCode(for: isNegative ? -0.0 : 0.0) }
    return elements.expectedCode(
      for: .quotient(MPFRNumber(Double(value)), scale, precision: Self.precision),
      isNegative: isNegative
    )
  }

  // MARK: Decoding

  /// What the elements of a block are multiplied by; nil when the block is NaN.
  func scaleValue(of code: UInt32, outerScale: Float) -> MPFRNumber? {
    guard let scales else {
      return code == 255 ? nil : MPFRNumber(1, timesTwoTo: Int(code) - 127)
    }
    guard !outerScale.isNaN, case .finite(let value, _) = scales.ladder.meaning(of: code) else {
      return nil
    }
    return .product(value, MPFRNumber(Double(outerScale)), precision: Self.precision)
  }

  /// The values that codes must decode to.
  func expectedValues(_ row: BlockRow) -> [Float] {
    let scales = row.scaleCodes.map { scaleValue(of: $0, outerScale: row.outerScale) }
    return row.codes.enumerated().map { index, code in
      guard let scale = scales[index / format.blockLength] else { return .nan }
      switch elements.ladder.meaning(of: code) {
      case .nan: return .nan
      case .infinity(let isNegative):
        if scale.isZero { return .nan }
        return isNegative == (scale.sign > 0) ? -.infinity : .infinity
      case .finite(let value, let isNegativeZero):
        let product = MPFRNumber.product(value, scale, precision: Self.precision)
        if !product.isZero { return product.nearestFloat }
        return (isNegativeZero || value.sign < 0) != scale.isNegative ? -0.0 : 0.0
      }
    }
  }
}
