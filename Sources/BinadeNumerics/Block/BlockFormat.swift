/// Elements in blocks that share a scale: MX, NVFP4, block floating point, VS-Quant.
///
/// A value is `element * scale`, or `element * scale * outer scale`. The format composes others: the element is any
/// format of up to 16 bits with a sign, the scale a power of two or a number of a format.
///
/// ```swift
/// let mxfp4 = try BlockFormat(
///   name: "mxfp4_e2m1", source: "OCP MX version 1.0", element: float4_e2m1fn,
///   scale: .powerOfTwo(.floor), blockLength: 32)
/// ```
public struct BlockFormat: Sendable {
  /// Lower-case name, in one namespace with the formats of single elements.
  public let name: String
  /// The standard or paper that defines the format.
  public let source: String
  /// What each number of a block is held in.
  public let element: any NumericFormat
  /// What the numbers of a block share.
  public let scale: BlockScale
  /// Numbers of a block, along the last axis; the last block of a row may be shorter.
  public let blockLength: Int

  let elementValues: ElementValues
  let scaleValues: ElementValues?

  /// Block lengths that are understood.
  public static let blockLengths = 1...65536

  /// Composes a block format.
  ///
  /// Throws ``FormatError/invalidParameter(format:parameter:found:allowed:)`` for a block length outside 1 ... 65536;
  /// an element without a negative value, zero or a rational ladder; a scale format in which a block with NaN cannot
  /// be told; the rule `even` on an element whose last step is no power of two; and precisions whose quotients a
  /// Double cannot decide (see ``BlockCodec``).
  public init(
    name: String,
    source: String,
    element: any NumericFormat,
    scale: BlockScale,
    blockLength: Int
  ) throws(FormatError) {
    func refuse(_ parameter: String, _ found: String, _ allowed: String) -> FormatError {
      .invalidParameter(format: name, parameter: parameter, found: found, allowed: allowed)
    }
    self.name = name
    self.source = source
    self.element = element
    self.scale = scale
    self.blockLength = blockLength
    guard Self.blockLengths.contains(blockLength) else {
      throw refuse("blockLength", "\(blockLength)", "1 to 65536")
    }
    let values = try ElementValues(of: element, owner: name, parameter: "element")
    guard values.ladder.least.value < 0, values.greatest > 0, values.ladder.specials.zero != nil
    else {
      throw refuse("element", element.name, "formats with negative values, zero and positive values")
    }
    elementValues = values
    leastElementMagnitude = values.ladder.rungs.map { abs($0.value) }.filter { $0 > 0 }.min() ?? 0
    switch scale {
    case .powerOfTwo(let rule):
      scaleValues = nil
      guard rule != .even || values.significandThreshold != nil else {
        throw refuse(
          "scaleRule",
          "even",
          "floor, ceil, rceil; the last step of '\(element.name)' is no power of two"
        )
      }
    case .number(let format, let outer):
      let scales = try ElementValues(of: format, owner: name, parameter: "scale")
      guard scales.greatest > 0 else { throw refuse("scale", format.name, "formats with positive values") }
      guard outer != .none || scales.ladder.specials.nan != nil else {
        throw refuse("scale", format.name, "formats with NaN, or any format below an outerScale")
      }
      // BlockCodec argues why these widths make a Double decide every quotient.
      let outerPrecision = outer == .none ? 0 : Float.significandBitCount + 1
      let greatestPrecision = ElementValues.bitCount(values.greatest)
      guard
        values.precision + scales.valuePrecision + outerPrecision <= 51,
        greatestPrecision + scales.precision + outerPrecision <= 51
      else {
        throw refuse("scale", format.name, "formats of fewer bits: quotients would not fit a Double")
      }
      let divisor = values.greatest * scales.greatest
      guard outer == .none || (divisor >= 1 && Float(exactly: divisor) != nil) else {
        throw refuse(
          "outerScale",
          outer.rawValue,
          "none; greatest element times greatest scale is \(divisor), no float32 of at least 1"
        )
      }
      scaleValues = scales
    }
  }

  /// The same format with another rule for the shared power of two.
  ///
  /// Throws for a format whose scale is no power of two.
  public func replacing(scaleRule: ScaleRule) throws(FormatError) -> BlockFormat {
    guard scale.rule != nil else {
      throw .invalidParameter(
        format: name,
        parameter: "scaleRule",
        found: scaleRule.rawValue,
        allowed: "none; the scale is a number in \(scale.formatName)"
      )
    }
    return try BlockFormat(
      name: name,
      source: source,
      element: element,
      scale: .powerOfTwo(scaleRule),
      blockLength: blockLength
    )
  }

  /// Bits that one element takes, its part of the block's scale with it.
  ///
  /// Outer scales are not counted: there is one for a whole row or tensor.
  public var bitsPerElement: Double {
    Double(element.bitWidth) + Double(scale.bitWidth) / Double(blockLength)
  }

  /// Bits of the scales of blocks in so many rows, each of which begins a new block.
  public func scaleBitCount(rowCount: Int, rowLength: Int) -> Int {
    rowCount * ((rowLength + blockLength - 1) / blockLength) * scale.bitWidth
  }

  /// The greatest value of an element, that a full scale maps the greatest magnitude to.
  public var greatestElement: Double { elementValues.greatest }

  /// The least magnitude of an element but zero.
  let leastElementMagnitude: Double
  /// The greatest magnitude of an element.
  var greatestElementMagnitude: Double { max(greatestElement, -elementValues.ladder.least.value) }
  /// The least and the greatest value of an element.
  package var elementLimits: ClosedRange<Double> { elementValues.ladder.least.value...greatestElement }

  /// The codes of the scales that are positive numbers, with their values, ascending.
  var positiveScales: [(code: UInt32, value: Double)] {
    guard let scaleValues else {
      return (0..<UInt32(255)).map { ($0, Double(sign: .plus, exponent: Int($0) - 127, significand: 1)) }
    }
    return scaleValues.ladder.rungs.filter { $0.value > 0 }.map { ($0.code, $0.value) }
  }

  /// The exponent of the greatest value of an element: emax of OCP MX.
  public var greatestElementExponent: Int { elementValues.greatestExponent }
}
