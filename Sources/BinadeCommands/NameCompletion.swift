import ArgumentParser
import Binade
import Foundation

/// What a shell offers where a name is expected: completion scripts ask the program itself, so formats of providers and
/// of `--format-folder` are among them.
///
/// What is offered begins with what has been typed, lists included: after `int4,int8:ch` comes `int4,int8:channel`.
enum NameCompletion {
  /// A format, or the path of a definition file.
  static let format = CompletionKind.custom { words, _, typed in
    paths(typed) ?? complete(typed) { _ in formatNames(words) }
  }

  /// Formats, separated by commas.
  static let formats = CompletionKind.custom { words, _, typed in
    complete(typed, separators: [","]) { _ in formatNames(words) }
  }

  /// A quantizer, FORMAT[:GRANULARITY[:CALIBRATION[:ROUNDING]]], or WEIGHTS/ACTIVATIONS; also several, separated by commas.
  static let quantizers = CompletionKind.custom { words, _, typed in
    paths(typed)
      ?? complete(typed, separators: [",", "/", ":"]) { head in
        // How many parts of this quantizer are there already.
        switch head.reversed().prefix(while: { $0 != "," && $0 != "/" }).count(where: { $0 == ":" }) {
        case 0: formatNames(words)
        case 1: Granularity.allCases.map(\.rawValue)
        case 2: Calibrations.names
        default: RoundingChoice.names
        }
      }
  }

  /// Accumulators: formats, matrix units, and those that are neither; several separated by commas.
  static let accumulators = CompletionKind.custom { words, _, typed in
    complete(typed, separators: [","]) { _ in
      AccumulatorDatapath.allCases.map(\.rawValue) + MatrixUnit.all.map(\.name) + formatNames(words)
    }
  }

  /// Rounding rules of `verify`, separated by commas.
  static let roundings = CompletionKind.custom { _, _, typed in
    complete(typed, separators: [","]) { _ in RoundingChoice.names + ["all"] }
  }

  /// Operations of `verify`, separated by commas.
  static let operations = CompletionKind.custom { _, _, typed in
    complete(typed, separators: [","]) { _ in ArithmeticOperation.allCases.map(\.rawValue) + ["all"] }
  }

  /// Recipes of post-training quantization: parts joined by '+', recipes separated by commas.
  static let recipes = CompletionKind.custom { _, _, typed in
    complete(typed, separators: [",", "+"]) { _ in PostTrainingRecipe.parts.map(\.name) }
  }

  /// An architecture.
  static let architecture = CompletionKind.list(ArchitectureName.examples)

  /// The names that go on what stands behind the last separator, each after what stands before it.
  ///
  /// `names`: what may come after the part given to it.
  static func complete(
    _ typed: String,
    separators: Set<Character> = [],
    names: (_ head: Substring) -> [String]
  ) -> [String] {
    let start = typed.lastIndex { separators.contains($0) }.map { typed.index(after: $0) } ?? typed.startIndex
    let (head, tail) = (typed[..<start], typed[start...])
    return names(head).filter { $0.hasPrefix(tail) }.map { head + $0 }
  }

  /// All names, aliases included, with the folders among `words` and without those that cannot be read.
  private static func formatNames(_ words: [String]) -> [String] {
    let providers = CommandContext.current.providers
    let folders = zip(words, words.dropFirst()).filter { $0.0 == "--format-folder" }.map {
      URL(filePath: $0.1)
    }
    guard
      let catalog = (try? FormatCatalog(providers: providers, folders: folders))
        ?? (try? FormatCatalog(providers: providers))
    else { return [] }
    return catalog.allNames + catalog.allNames.flatMap { catalog.aliases(of: $0) }
  }

  /// Folders and definition files, where a path has been begun; nil where it has not.
  private static func paths(_ typed: String) -> [String]? {
    guard typed.hasPrefix(".") || typed.hasPrefix("/") else { return nil }
    let folder = typed.lastIndex(of: "/").map { String(typed[...$0]) } ?? ""
    let entries =
      (try? FileManager.default.contentsOfDirectory(
        at: URL(filePath: folder.isEmpty ? "." : folder),
        includingPropertiesForKeys: [.isDirectoryKey]
      )) ?? []
    return entries.compactMap { entry in
      let isFolder = (try? entry.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
      guard isFolder || ["yaml", "yml"].contains(entry.pathExtension) else { return nil }
      return folder + entry.lastPathComponent + (isFolder ? "/" : "")
    }.filter { $0.hasPrefix(typed) }.sorted()
  }
}
