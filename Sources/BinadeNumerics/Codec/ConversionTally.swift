/// Numerical events of a conversion: counted, never thrown.
public struct ConversionTally: Sendable, Hashable, Codable {
  /// Elements converted.
  public var elementCount = 0
  /// Inputs beyond the greatest or least value, infinities among them.
  public var saturatedCount = 0
  /// Nonzero inputs that became zero.
  public var underflowedCount = 0
  /// NaN inputs.
  public var nanCount = 0
  /// NaN inputs that became a number because the format has no NaN.
  public var nanWithoutCode = 0

  /// An empty tally.
  public init() {}

  /// Adds the events of another tally.
  public static func += (total: inout ConversionTally, part: ConversionTally) {
    total.elementCount += part.elementCount
    total.saturatedCount += part.saturatedCount
    total.underflowedCount += part.underflowedCount
    total.nanCount += part.nanCount
    total.nanWithoutCode += part.nanWithoutCode
  }
}

extension FormatCodec {
  /// Adds to `tally` what happens when the elements of `input` are rounded to those of `output`.
  ///
  /// - Shape: `output` holds the rounded values, `input.count` of them.
  public func tally(
    _ input: UnsafeBufferPointer<Float>,
    roundedTo output: UnsafePointer<Float>,
    into tally: inout ConversionTally
  ) {
    let ladder = reference.ladder
    let (least, greatest) = (ladder.least.value, ladder.greatest.value)
    let hasNaN = ladder.specials.nan != nil
    tally.elementCount += input.count
    for index in 0..<input.count {
      let value = input[index]
      if value.isNaN {
        tally.nanCount += 1
        if !hasNaN { tally.nanWithoutCode += 1 }
      } else if Double(value) > greatest || Double(value) < least {
        tally.saturatedCount += 1
      } else if value != 0 && output[index] == 0 {
        tally.underflowedCount += 1
      }
    }
  }
}
