/// A format compiled for one conversion policy: what kernels and tensors see instead of a format.
///
/// Formats of up to 16 bits become a table; formats that share Float32's exponent field round its bits; wide posits and
/// takums cut their bit string off; codes that wrap around keep the low bits of an integer; all others go through the
/// reference encoder.
public struct FormatCodec: Sendable {
  enum Engine: Sendable {
    case table(EncodeTable, values: [Float])
    case truncation(FloatTruncation)
    case tapered(TaperedConversion, any NumericFormat)
    case wrapping(WrappingConversion, any NumericFormat)
    case reference(any NumericFormat)
  }

  /// The format.
  public let format: any NumericFormat
  /// The format's description.
  public let info: FormatInfo
  /// Rounding and overflow.
  public let policy: ConversionPolicy
  /// The slow twin: any Double, one rounding.
  public let reference: ReferenceEncoder
  let engine: Engine

  /// Compiles `format`.
  ///
  /// Throws ``FormatError`` when the format has no ladder, or cannot wrap and should.
  ///
  /// - Complexity: O(n log n) in the number of codes, for formats of up to 16 bits; O(1) for wider ones.
  public init(_ format: any NumericFormat, policy: ConversionPolicy = ConversionPolicy())
    throws(FormatError)
  {
    let ladder = try format.makeLadder()
    if policy.dialect == .torch, ladder.specials.zero == nil {
      throw .invalidParameter(
        format: format.name,
        parameter: "dialect",
        found: "torch",
        allowed: "formats with a zero: PyTorch drops the sign of numbers here, which no rounding does"
      )
    }
    self.format = format
    info = format.info
    self.policy = policy
    reference = ReferenceEncoder(ladder: ladder, policy: policy)
    if policy.wraps {
      guard
        let wrapping = WrappingConversion(format, ladder: ladder, rounding: policy.rounding)
      else {
        throw .invalidParameter(
          format: info.name,
          parameter: "overflow",
          found: "wrap",
          allowed: "ieee or saturate; wrap is for integers of full range and fixed point"
        )
      }
      engine = .wrapping(wrapping, format)
    } else if let enumerated = ladder as? EnumeratedLadder {
      let table = EncodeTable(StepFunction(ladder: enumerated, policy: policy))
      engine = .table(
        table,
        values: (0..<UInt32(1 << info.bitWidth)).map { Float(format.decode($0)) }
      )
    } else if let truncation = FloatTruncation(format, policy: policy) {
      engine = .truncation(truncation)
    } else if let tapered = TaperedConversion(format, reference: reference) {
      engine = .tapered(tapered, format)
    } else {
      engine = .reference(format)
    }
  }

  /// The finite values, ascending, of formats of up to 16 bits; nil for wider ones.
  public var rungs: [Rung]? { (reference.ladder as? EnumeratedLadder)?.rungs }

  /// Returns the code of `value`, rounded once.
  public func encode(_ value: Float) -> UInt32 {
    switch engine {
    case .table(let table, _): UInt32(table.code(for: value))
    case .truncation(let truncation): truncation.code(for: value)
    case .tapered(let tapered, _): tapered.code(for: value)
    case .wrapping(let wrapping, _): wrapping.code(for: Double(value))
    case .reference: reference.encode(Double(value))
    }
  }

  /// Returns the code of a Double, rounded once from the Double: no step through Float32.
  public func encode(_ value: Double) -> UInt32 {
    if case .wrapping(let wrapping, _) = engine { return wrapping.code(for: value) }
    return reference.encode(value)
  }

  /// Returns the value of `code` as a Float32 (nearest, for values that are not Floats).
  ///
  /// - Precondition: `code < 2^bitWidth`.
  public func decode(_ code: UInt32) -> Float {
    switch engine {
    case .table(_, let values): values[Int(code)]
    case .truncation(let truncation): truncation.value(of: code)
    case .tapered(_, let format), .wrapping(_, let format), .reference(let format):
      Float(format.decode(code))
    }
  }

  /// Rounds `input` to the values of the format.
  ///
  /// - Shape: `output` holds at least `input.count` elements; it may be `input` itself.
  public func roundTrip(
    _ input: UnsafeBufferPointer<Float>,
    into output: UnsafeMutablePointer<Float>
  ) {
    switch engine {
    case .table(let table, let values):
      values.withUnsafeBufferPointer { values in
        table.forEachCode(of: input) { output[$0] = values[Int($1)] }
      }
    case .truncation(let truncation):
      for index in 0..<input.count {
        output[index] = truncation.value(of: truncation.code(for: input[index]))
      }
    case .tapered(let tapered, let format):
      for index in 0..<input.count {
        output[index] = Float(format.decode(tapered.code(for: input[index])))
      }
    case .wrapping(let wrapping, let format):
      for index in 0..<input.count {
        output[index] = Float(format.decode(wrapping.code(for: Double(input[index]))))
      }
    case .reference(let format):
      for index in 0..<input.count {
        output[index] = Float(format.decode(reference.encode(Double(input[index]))))
      }
    }
  }

  /// Which conversion path was chosen, for reports.
  public var path: String {
    switch engine {
    case .table(let table, _): table.isSingleComparison ? "table" : "table with search"
    case .truncation: "float32 bits"
    case .tapered: "bit string"
    case .wrapping: "wrapping integer"
    case .reference: "reference"
    }
  }
}
