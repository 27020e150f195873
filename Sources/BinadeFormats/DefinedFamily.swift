import BinadeNumerics

/// The families a definition file can name: which keys each has, and how it is built from them.
///
/// A new family is a case here and its three answers.
enum DefinedFamily: String, CaseIterable {
  case integer, fixedPoint, binaryFloat, posit, takum, hiFloat, logarithmic, codebook

  var formatFamily: FormatFamily {
    switch self {
    case .integer: .integer
    case .fixedPoint: .fixedPoint
    case .binaryFloat: .binaryFloat
    case .posit: .posit
    case .takum: .takum
    case .hiFloat: .hiFloat
    case .logarithmic: .logarithmic
    case .codebook: .codebook
    }
  }

  /// The keys beside those that every definition has.
  var keys: [String] {
    switch self {
    case .integer: ["bitWidth", "signed", "range"]
    case .fixedPoint: ["signed", "integerBitCount", "fractionBitCount"]
    case .binaryFloat:
      [
        "signed", "exponentBitCount", "significandBitCount", "exponentBias", "specialValues",
        "lowestBinade",
      ]
    case .posit: ["bitWidth", "exponentBitCount"]
    case .takum: ["bitWidth", "kind"]
    case .hiFloat: []
    case .logarithmic: ["integerBitCount", "fractionBitCount", "nearest"]
    case .codebook: ["bitWidth", "values"]
    }
  }

  func makeFormat(info: FormatInfo, fields: DefinitionFields) throws(FormatDefinitionError)
    -> any NumericFormat
  {
    switch self {
    case .integer: try integer(info, fields)
    case .fixedPoint: try fixedPoint(info, fields)
    case .binaryFloat: try binaryFloat(info, fields)
    case .posit: try posit(info, fields)
    case .takum: try takum(info, fields)
    case .hiFloat: try valid(fields) { () throws(FormatError) in HiFloat8Format(info: info) }
    case .logarithmic: try logarithmic(info, fields)
    case .codebook: try codebook(info, fields)
    }
  }

  private func integer(_ info: FormatInfo, _ fields: DefinitionFields) throws(FormatDefinitionError)
    -> any NumericFormat
  {
    let bitWidth = try fields.integer("bitWidth")
    let isSigned = try fields.boolean("signed", default: true)
    let range = try fields.choice("range", default: IntegerFormat.Range.full)
    return try valid(fields) { () throws(FormatError) in
      var sized = info
      sized.bitWidth = bitWidth
      return try IntegerFormat(info: sized, isSigned: isSigned, range: range)
    }
  }

  private func fixedPoint(_ info: FormatInfo, _ fields: DefinitionFields) throws(FormatDefinitionError)
    -> any NumericFormat
  {
    let isSigned = try fields.boolean("signed", default: true)
    let integerBitCount = try fields.integer("integerBitCount")
    let fractionBitCount = try fields.integer("fractionBitCount")
    return try valid(fields) { () throws(FormatError) in
      try FixedPointFormat(
        info: info,
        isSigned: isSigned,
        integerBitCount: integerBitCount,
        fractionBitCount: fractionBitCount
      )
    }
  }

  private func binaryFloat(_ info: FormatInfo, _ fields: DefinitionFields) throws(FormatDefinitionError)
    -> any NumericFormat
  {
    let isSigned = try fields.boolean("signed", default: true)
    let exponentBitCount = try fields.integer("exponentBitCount")
    let significandBitCount = try fields.integer("significandBitCount")
    let exponentBias = try fields.optionalInteger("exponentBias")
    let specialValues = try fields.choice(
      "specialValues",
      of: BinaryFloatFormat.SpecialValues.self
    )
    let lowestBinade = try fields.choice(
      "lowestBinade",
      default: BinaryFloatFormat.LowestBinade.subnormal
    )
    return try valid(fields) { () throws(FormatError) in
      try BinaryFloatFormat(
        info: info,
        isSigned: isSigned,
        exponentBitCount: exponentBitCount,
        significandBitCount: significandBitCount,
        exponentBias: exponentBias,
        specialValues: specialValues,
        lowestBinade: lowestBinade
      )
    }
  }

  private func posit(_ info: FormatInfo, _ fields: DefinitionFields) throws(FormatDefinitionError)
    -> any NumericFormat
  {
    let bitWidth = try fields.integer("bitWidth")
    let exponentBitCount = try fields.optionalInteger("exponentBitCount") ?? 2
    return try valid(fields) { () throws(FormatError) in
      var sized = info
      sized.bitWidth = bitWidth
      return try PositFormat(info: sized, exponentBitCount: exponentBitCount)
    }
  }

  private func takum(_ info: FormatInfo, _ fields: DefinitionFields) throws(FormatDefinitionError)
    -> any NumericFormat
  {
    let bitWidth = try fields.integer("bitWidth")
    let kind = try fields.choice("kind", default: TakumFormat.Kind.logarithmic)
    return try valid(fields) { () throws(FormatError) in
      var sized = info
      sized.bitWidth = bitWidth
      return try TakumFormat(info: sized, kind: kind)
    }
  }

  private func logarithmic(_ info: FormatInfo, _ fields: DefinitionFields) throws(FormatDefinitionError)
    -> any NumericFormat
  {
    let integerBitCount = try fields.integer("integerBitCount")
    let fractionBitCount = try fields.integer("fractionBitCount")
    let nearest = try fields.choice(
      "nearest",
      default: LogarithmicFormat.NearestDomain.logarithm
    )
    return try valid(fields) { () throws(FormatError) in
      try LogarithmicFormat(
        info: info,
        integerBitCount: integerBitCount,
        fractionBitCount: fractionBitCount,
        nearest: nearest
      )
    }
  }

  private func codebook(_ info: FormatInfo, _ fields: DefinitionFields) throws(FormatDefinitionError)
    -> any NumericFormat
  {
    let values = try fields.numbers("values")
    return try valid(fields) { () throws(FormatError) in
      try CodebookFormat(info: info, values: values)
    }
  }

  /// Builds the format and its ladder once, so that a bad definition fails where it is read.
  private func valid<F: NumericFormat>(
    _ fields: DefinitionFields,
    _ build: () throws(FormatError) -> F
  ) throws(FormatDefinitionError) -> any NumericFormat {
    do {
      let format = try build()
      _ = try format.makeLadder()
      return format
    } catch {
      throw .invalid(file: fields.file, error: error)
    }
  }
}
