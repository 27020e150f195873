import ArgumentParser
import Binade

/// The files of the scales of a block format, beside that of its codes.
struct BlockFileOptions: ParsableArguments {
  @Option(
    help: "Of block formats: the file of the scales, as codes of the scale's format.",
    completion: .file()
  )
  var scales: String?

  @Option(
    help: "Of block formats that have them: the file of the float32 scales above those of blocks.",
    completion: .file()
  )
  var outerScales: String?

  /// The file of the scales, which must be there, and that of the outer ones if the format has some.
  ///
  /// `codes`: the file of the codes, which none of them may be.
  func scales(of format: BlockFormat, besides codes: String) throws -> String {
    let paths = [codes, scales, outerScales].compactMap { $0 }
    if let path = paths.first(where: { path in paths.count { $0 == path } > 1 }) {
      throw ValidationError(
        "'\(path)' is named twice; codes, --scales and --outer-scales are files of their own"
      )
    }
    guard let scales else {
      throw ValidationError("'\(format.name)' is a block format: name the file of its scales, --scales FILE")
    }
    switch (format.scale.outer, outerScales) {
    case (.none, .some):
      throw ValidationError("--outer-scales: '\(format.name)' has no scales above those of its blocks")
    case (.row, nil), (.tensor, nil):
      throw ValidationError(
        "'\(format.name)' has float32 scales above those of its blocks: name their file, --outer-scales FILE"
      )
    default: return scales
    }
  }

  /// Refuses the options for formats of single elements.
  func refuse(for format: String) throws {
    guard scales == nil, outerScales == nil else {
      throw ValidationError("--scales and --outer-scales are for block formats; '\(format)' is none")
    }
  }
}
