import BinadeFormatFiles
import BinadeNumerics
import Foundation

/// Collects the formats of a catalogue: shipped files, providers, folders of one's own.
///
/// What ships, and what code provides, must be right: a fault there throws. A fault in a file of one's own bars that
/// file only. No file can take the place of a format that is there already; of two files that give one name
/// different meanings, neither is taken.
struct CatalogBuilder {
  private(set) var elements: [String: any NumericFormat] = [:]
  private(set) var blocks: [String: BlockFormat] = [:]
  /// What is wrong with the files that were left out.
  private(set) var skipped: [FormatDefinitionError] = []
  private var origins: [String: String] = [:]

  /// The formats that ship with Binade and those of `providers`.
  init(providers: [any FormatProvider.Type]) throws(FormatDefinitionError) {
    var blockFields: [DefinitionFields] = []
    for file in try DefinitionFile.files(in: FormatFiles.folder) {
      let fields = try FormatDefinitionReader.fields(contentsOf: file)
      if BlockDefinitionReader.isBlock(fields) {
        blockFields.append(fields)
      } else {
        try add(.element(try FormatDefinitionReader.format(from: fields)), from: fields.file)
      }
    }
    for provider in providers {
      for format in provider.formats { try add(.element(format), from: "\(provider)") }
    }
    for fields in blockFields { try add(.block(try block(fields)), from: fields.file) }
  }

  /// Adds the definition files of folders.
  ///
  /// Throws when a folder cannot be read.
  mutating func add(folders: [URL]) throws(FormatDefinitionError) {
    var seen: Set<String> = []
    var (elementFields, blockFields): ([DefinitionFields], [DefinitionFields]) = ([], [])
    for folder in folders where seen.insert(folder.standardizedFileURL.path).inserted {
      for file in try DefinitionFile.files(in: folder) {
        do throws(FormatDefinitionError) {
          let fields = try FormatDefinitionReader.fields(contentsOf: file)
          if BlockDefinitionReader.isBlock(fields) {
            blockFields.append(fields)
          } else {
            elementFields.append(fields)
          }
        } catch { skipped.append(error) }
      }
    }
    addOwn(elementFields) { (builder, fields) throws(FormatDefinitionError) in
      .element(try FormatDefinitionReader.format(from: fields))
    }
    // Blocks name elements: those must be known.
    addOwn(blockFields) { (builder, fields) throws(FormatDefinitionError) in .block(try builder.block(fields))
    }
  }

  /// Adds definitions of one's own, but for those that are wrong or that clash.
  private mutating func addOwn(
    _ definitions: [DefinitionFields],
    _ make: (CatalogBuilder, DefinitionFields) throws(FormatDefinitionError) -> TensorFormat
  ) {
    var found: [String: [(entry: TensorFormat, file: String)]] = [:]
    var order: [String] = []
    for fields in definitions {
      do throws(FormatDefinitionError) {
        let entry = try make(self, fields)
        let (known, origin) = (self.entry(named: entry.name), origins[entry.name] ?? "the catalogue")
        if try Self.isNew(entry, beside: known, from: origin, file: fields.file) {
          if found[entry.name] == nil { order.append(entry.name) }
          found[entry.name, default: []].append((entry, fields.file))
        }
      } catch { skipped.append(error) }
    }
    for name in order {
      let candidates = found[name] ?? []
      if let first = candidates.first, candidates.allSatisfy({ $0.entry.isSame(as: first.entry) }) {
        insert(first.entry, from: first.file)
      } else {
        skipped.append(.duplicateName(name: name, files: candidates.map(\.file)))
      }
    }
  }

  /// Whether the definition in `file` adds something; false when the same is `known` already.
  ///
  /// Throws when its name means something else.
  static func isNew(
    _ entry: TensorFormat,
    beside known: TensorFormat?,
    from origin: String,
    file: String
  ) throws(FormatDefinitionError) -> Bool {
    if let known {
      guard known.isSame(as: entry) else {
        throw .duplicateName(name: entry.name, files: [origin, file])
      }
      return false
    }
    guard !isParametric(entry.name) else { throw .reservedName(file: file, name: entry.name) }
    return true
  }

  private func entry(named name: String) -> TensorFormat? {
    elements[name].map { .element($0) } ?? blocks[name].map { .block($0) }
  }

  /// Whether a name spells out parameters, be they right or wrong.
  static func isParametric(_ name: String) -> Bool {
    do {
      if try ParametricFormat.format(named: name) != nil { return true }
      return try ParametricBlockFormat.format(named: name) != nil
    } catch {
      return true
    }
  }

  private mutating func add(_ entry: TensorFormat, from origin: String) throws(FormatDefinitionError) {
    if let other = origins[entry.name] { throw .duplicateName(name: entry.name, files: [other, origin]) }
    insert(entry, from: origin)
  }

  private mutating func insert(_ entry: TensorFormat, from origin: String) {
    origins[entry.name] = origin
    switch entry {
    case .element(let format): elements[format.name] = format
    case .block(let format): blocks[format.name] = format
    }
  }

  private func block(_ fields: DefinitionFields) throws(FormatDefinitionError) -> BlockFormat {
    let elements = elements
    return try BlockDefinitionReader.format(
      from: fields,
      known: elements.keys.sorted()
    ) { (name) throws(FormatError) in
      if let format = elements[name] { return format }
      return try ParametricFormat.format(named: name)
    }
  }
}

extension TensorFormat {
  /// Whether two formats mean the same, their names and sources with it.
  func isSame(as other: TensorFormat) -> Bool {
    switch (self, other) {
    case (.element(let one), .element(let two)): String(reflecting: one) == String(reflecting: two)
    case (.block(let one), .block(let two)): String(reflecting: one) == String(reflecting: two)
    default: false
    }
  }
}
