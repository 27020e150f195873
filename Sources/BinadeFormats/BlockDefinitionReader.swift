import BinadeNumerics

/// Turns a definition file of `family: block` into a block format.
enum BlockDefinitionReader {
  /// What such files say for `family`.
  static let family = "block"

  private static let keys = [
    "name", "family", "source", "note", "element", "scale", "scaleRule", "outerScale", "blockLength",
  ]

  /// Whether a file defines a block format.
  static func isBlock(_ fields: DefinitionFields) -> Bool {
    fields.has("family") && (try? fields.text("family")) == family
  }

  /// Builds the format; `element` looks up formats by name, `known` is what a message suggests.
  static func format(
    from fields: DefinitionFields,
    known: [String],
    element: (String) throws(FormatError) -> (any NumericFormat)?
  ) throws(FormatDefinitionError) -> BlockFormat {
    try fields.requireKeys(in: keys)
    let name = try FormatDefinitionReader.name(from: fields)
    let source = try FormatDefinitionReader.source(from: fields)
    func lookUp(_ key: String) throws(FormatDefinitionError) -> any NumericFormat {
      let written = try fields.text(key)
      let name: String
      switch FormatAlias.named(written) {
      case let alias? where !known.contains(written):
        guard !alias.isAmbiguous else {
          throw .ambiguousFormat(
            place: fields.place(of: key),
            key: key,
            found: written,
            meanings: alias.meanings
          )
        }
        name = alias.meanings[0]
      default: name = written
      }
      let found: (any NumericFormat)?
      do { found = try element(name) } catch { throw .invalid(file: fields.file, error: error) }
      guard let found else {
        throw .unknownFormat(place: fields.place(of: key), key: key, found: name, known: known)
      }
      return found
    }
    let elementFormat = try lookUp("element")
    let blockLength = try fields.integer("blockLength")
    let scale: BlockScale
    let scaleName = fields.has("scale") ? try fields.text("scale") : BlockScale.powerOfTwoName
    if scaleName == BlockScale.powerOfTwoName {
      try refuse("outerScale", in: fields, because: "scales that are numbers, not powers of two")
      scale = .powerOfTwo(try fields.choice("scaleRule", default: .floor))
    } else {
      try refuse("scaleRule", in: fields, because: "the scale \(BlockScale.powerOfTwoName)")
      scale = .number(
        try lookUp("scale"),
        outer: try fields.choice("outerScale", default: OuterScale.none)
      )
    }
    do {
      return try BlockFormat(
        name: name,
        source: source,
        element: elementFormat,
        scale: scale,
        blockLength: blockLength
      )
    } catch {
      throw .invalid(file: fields.file, error: error)
    }
  }

  /// Refuses a key that means nothing beside the others.
  private static func refuse(_ key: String, in fields: DefinitionFields, because reason: String)
    throws(FormatDefinitionError)
  {
    guard fields.has(key) else { return }
    throw .wrongType(
      place: fields.place(of: key),
      key: key,
      expected: "left out; it belongs to \(reason)",
      found: try fields.text(key)
    )
  }
}
