import Binade
import Foundation

@testable import BinadeFormats
@testable import BinadeNumerics

/// Definition files.
enum Definitions {
  /// A whole file of any family but block.
  static func whole(_ data: Data) {
    guard let yaml = String(validating: data, as: UTF8.self) else { return }
    use(try? FormatDefinitionReader.read(yaml: yaml, file: "x.yaml"))
  }

  /// The values of a codebook.
  static func codebook(_ data: Data) {
    guard let text = String(validating: data, as: UTF8.self) else { return }
    let yaml = "name: x\nsource: a test\nfamily: codebook\nvalues: \(text)"
    use(try? FormatDefinitionReader.read(yaml: yaml, file: "x.yaml"))
  }

  private static let catalog = try? FormatCatalog()

  /// The keys of a block format.
  static func block(_ data: Data) {
    guard let text = String(validating: data, as: UTF8.self), let catalog,
      let fields = try? DefinitionFields(
        yaml: "name: x\nsource: a test\nfamily: block\n\(text)",
        file: "x.yaml"
      )
    else { return }
    let format = try? BlockDefinitionReader.format(
      from: fields,
      known: catalog.names
    ) { (name) throws(FormatError) in
      if let format = catalog.formats.first(where: { $0.name == name }) { return format }
      return try ParametricFormat.format(named: name)
    }
    guard let format, let codec = try? BlockCodec(format) else { return }
    _ = codec.encode([0, 1, -2.5, 1e30, -1e-30, 0.1, .infinity])
  }

  /// A definition that was read is a format: it has limits, and its codes are what its values are encoded to.
  private static func use(_ format: (any NumericFormat)?) {
    guard let format else { return }
    precondition(PrintableText.fault(in: format.name + format.info.source) == nil, "unprintable")
    _ = try? FormatLimits(of: format)
    guard format.bitWidth <= 10, let codec = try? FormatCodec(format) else { return }
    for code in 0..<UInt32(1 << format.bitWidth) where format.isEncodable(code) {
      let value = format.decode(code)
      guard value.isFinite, Double(Float(value)) == value, value != 0 else { continue }
      precondition(codec.encode(Float(value)) == code, "\(format.name): \(value) became another code")
    }
  }
}
