import BinadeNumerics

/// Architectures by name.
public enum ArchitectureName {
  /// The families that names are looked for in.
  public static let families: [any Architecture.Type] = [ResNet.self, MobileNet.self]

  /// Returns the architecture called so.
  ///
  /// Throws ``NetworkError`` for a name that no family knows, and for options that the network cannot have.
  public static func resolve(_ name: String, _ options: ArchitectureOptions = ArchitectureOptions())
    throws(NetworkError) -> any Architecture
  {
    for family in families {
      if let found = try family.named(name, options) { return found }
    }
    throw .unknownArchitecture(name: name, nearest: suggestion(for: name))
  }

  /// The names that help and completion show.
  public static var examples: [String] { families.flatMap { $0.examples } }

  /// What somebody who writes `resnet20`, `ResNet-50` or `cifar_resnet20` probably means; nil when nothing is near.
  static func suggestion(for name: String) -> String? {
    // A name of any length may come from a file.
    let letters = name.prefix(64).lowercased()
    let numbers = letters.split { !("0"..."9").contains($0) }.filter { $0.count <= 4 }.compactMap { Int($0) }
    return families.lazy.compactMap { $0.suggestion(for: letters, numbers: numbers) }.first
      ?? NameSuggestion.nearest(to: letters, among: examples)
  }
}
