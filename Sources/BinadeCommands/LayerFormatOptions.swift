import ArgumentParser
import Binade
import Foundation

/// The options of commands that give single layers formats of their own.
struct LayerFormatOptions: ParsableArguments {
  @Option(
    help: """
      The formats of a layer, or of all that a pattern with '*' names, before those of the whole network and of --ends: \
      'layer1.*=int8/int8', 'linear=float32'; FORMAT or WEIGHTS/ACTIVATIONS. Repeatable.
      """
  )
  var layer: [String] = []

  @Option(
    help:
      "A YAML file of such lines: 'layer1.*: int8/int8'. 'binade formats' and --explain name what there is.",
    completion: .file(extensions: ["yaml", "yml"])
  )
  var assignment: String?

  /// The rules of the file, then those of the options.
  func assignment(_ catalog: FormatCatalog) throws -> FormatAssignment {
    var rules =
      try assignment.map { try FormatAssignment(contentsOf: URL(filePath: $0), catalog: catalog) }
      ?? FormatAssignment()
    for text in layer { try rules.add(parsing: text, catalog: catalog) }
    return rules
  }
}
