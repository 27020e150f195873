import ArgumentParser
import Binade

/// The formats of the two operands of a product.
struct BenchFormatOptions: ParsableArguments {
  @OptionGroup var catalogOptions: FormatOptions

  @Option(
    help: "The format of both operands; repeatable. Default: float32.",
    completion: NameCompletion.format
  )
  var format: [String] = []

  @Option(
    help: "The format of the weights, the right operand; needs --activations.",
    completion: NameCompletion.format
  )
  var weights: String?

  @Option(
    help: "The format of the activations, the left operand; needs --weights.",
    completion: NameCompletion.format
  )
  var activations: String?

  func validate() throws {
    guard (weights == nil) == (activations == nil) else {
      throw ValidationError("--weights and --activations belong together; for one format say --format")
    }
    if weights != nil, !format.isEmpty {
      throw ValidationError("--format names both operands; give it, or --weights and --activations")
    }
  }

  /// The pairs to measure.
  func pairs() throws -> [BenchFormatPair] {
    let catalog = try catalogOptions.catalog()
    if let weights, let activations {
      return [
        BenchFormatPair(
          weights: try BenchFormat(weights, catalog),
          activations: try BenchFormat(activations, catalog)
        )
      ]
    }
    return try (format.isEmpty ? [BenchFormat.float32Name] : format).map { name in
      let both = try BenchFormat(name, catalog)
      return BenchFormatPair(weights: both, activations: both)
    }
  }
}

/// A format, compiled; float32 needs no codec.
struct BenchFormat {
  static let float32Name = "float32"
  static let float32 = BenchFormat(name: float32Name, format: nil, codec: nil)

  let name: String
  /// Nil for float32.
  let format: (any NumericFormat)?
  /// Nil for float32.
  let codec: FormatCodec?

  private init(name: String, format: (any NumericFormat)?, codec: FormatCodec?) {
    self.name = name
    self.format = format
    self.codec = codec
  }

  init(_ name: String, _ catalog: FormatCatalog) throws {
    let format = try catalog.format(named: name)
    let isFloat32 = format.name == Self.float32Name
    self.init(
      name: format.name,
      format: isFloat32 ? nil : format,
      codec: isFloat32 ? nil : try FormatCodec(format)
    )
  }
}

/// The formats of a product.
struct BenchFormatPair {
  static let float32 = BenchFormatPair(weights: .float32, activations: .float32)

  let weights: BenchFormat
  let activations: BenchFormat

  /// Both names, or the one.
  var name: String {
    weights.name == activations.name ? weights.name : "\(weights.name)/\(activations.name)"
  }

  /// Whether nothing is quantized: such a row is its own twin.
  var isFloat32: Bool { weights.codec == nil && activations.codec == nil }
}
