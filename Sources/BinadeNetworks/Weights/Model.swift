import BinadeNumerics
import Foundation

/// A network with its weights and what the weights were trained for.
public struct Model: Sendable {
  /// The file's name without folder and extension.
  public let name: String
  /// The file's name.
  public let file: String
  /// The architecture.
  public let architecture: any Architecture
  /// Weights, batch norms and their statistics, as they were trained.
  public let parameters: NetworkParameters
  /// The network ready for inference: batch norm folded.
  public let network: FoldedNetwork
  /// How pixels become inputs.
  public let normalization: Normalization
  /// What the file says of itself.
  public let metadata: [String: String]

  /// Reads a safetensors file.
  ///
  /// The metadata `architecture`, `widths`, `shortcut`, `inputChannels`, `mean` and `std` say what the file
  /// holds; `architecture` given here overrides it, for files without metadata.
  public init(contentsOf url: URL, architecture override: String? = nil)
    throws(NetworkError)
  {
    let weights = try SafetensorsFile(contentsOf: url)
    guard let architectureName = override ?? weights.metadata["architecture"] else {
      throw .malformed(
        file: weights.name,
        reason: "the metadata names no 'architecture'; say it with --architecture, e.g. resnet50"
      )
    }
    let isCIFAR = architectureName.hasSuffix("-cifar")
    let channels = try Self.numbers("inputChannels", of: weights, default: [3]).first ?? 3
    let size = isCIFAR ? (channels == 1 ? 28 : 32) : 224
    var options = ArchitectureOptions()
    options.widths = try Self.numbers("widths", of: weights, default: options.widths)
    options.shortcut = try Self.shortcut(of: weights)
    options.input = ImageShape(channels: channels, height: size, width: size)
    options.classCount = Self.classCount(of: weights)
    options.widthMultiplier = try Self.widthMultiplier(of: weights)
    let whole = try ArchitectureName.resolve(architectureName, options)
    if let kept = weights.metadata[PrunedArchitecture.key] {
      architecture = try PrunedArchitecture(whole, text: kept, file: weights.name)
    } else {
      architecture = whole
    }
    parameters = try NetworkParameters(architecture.graph, file: weights)
    network = FoldedNetwork(architecture.graph, parameters)
    normalization = try Normalization(metadata: weights, channels: channels)
    metadata = weights.metadata
    self.file = url.lastPathComponent
    name = url.deletingPathExtension().lastPathComponent
  }

  /// A network that is not read from a file: one at its beginning, or one that was trained.
  public init(
    name: String,
    _ architecture: any Architecture,
    _ parameters: NetworkParameters,
    _ normalization: Normalization,
    metadata: [String: String] = [:]
  ) {
    (self.name, file) = (name, name)
    self.metadata = metadata
    (self.architecture, self.parameters, self.normalization) = (architecture, parameters, normalization)
    network = FoldedNetwork(architecture.graph, parameters)
  }

  /// Networks have 3 or 4 widths; longer lists are none.
  private static let greatestNumberCount = 16

  private static func numbers(_ key: String, of file: SafetensorsFile, default fallback: [Int])
    throws(NetworkError) -> [Int]
  {
    guard let text = file.metadata[key] else { return fallback }
    let parts = text.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) }
    let numbers = parts.compactMap { $0 }
    guard (1...greatestNumberCount).contains(numbers.count), numbers.count == parts.count else {
      throw .malformed(
        file: file.name,
        reason: "the metadata '\(key)' is '\(PrintableText.excerpt(text))'; expected whole numbers"
      )
    }
    return numbers
  }

  private static func shortcut(of file: SafetensorsFile) throws(NetworkError) -> ResNet.Shortcut {
    guard let text = file.metadata["shortcut"] else { return .a }
    guard let shortcut = ResNet.Shortcut(rawValue: text) else {
      throw .malformed(
        file: file.name,
        reason: "the metadata 'shortcut' is '\(PrintableText.excerpt(text))'; allowed: A, B"
      )
    }
    return shortcut
  }

  private static func widthMultiplier(of file: SafetensorsFile) throws(NetworkError) -> Double {
    guard let text = file.metadata["widthMultiplier"] else { return 1 }
    guard let multiplier = Double(text), multiplier.isFinite else {
      throw .malformed(
        file: file.name,
        reason: "the metadata 'widthMultiplier' is '\(PrintableText.excerpt(text))'; expected a number"
      )
    }
    return multiplier
  }

  /// The classes that the last layer of the file tells apart.
  private static func classCount(of file: SafetensorsFile) -> Int? {
    let names = ["linear.weight", "fc.weight", "classifier.weight", "classifier.1.weight"]
    return names.lazy.compactMap { file.shape(of: $0) }.first { $0.rank == 2 }?[0]
  }
}
