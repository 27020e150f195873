import BinadeNumerics
import BinadeTensor

/// Where the parameters of a network come from.
protocol ParameterSource {
  /// What messages call it.
  var name: String { get }

  /// The parameters of one name, as many as `extents` say, all finite.
  func values(_ name: String, _ extents: [Int]) throws(NetworkError) -> [Float]
}

extension SafetensorsFile: ParameterSource {
  /// PyTorch's and timm's names for the same parts.
  private static var aliases: [(String, String)] { [("linear.", "fc."), (".shortcut.", ".downsample.")] }

  func values(_ name: String, _ extents: [Int]) throws(NetworkError) -> [Float] {
    var stored = name
    for (ours, other) in Self.aliases where !contains(stored) {
      let alias =
        ours.hasPrefix(".")
        ? name.replacing(ours, with: other)
        : (name.hasPrefix(ours) ? other + name.dropFirst(ours.count) : name)
      if contains(alias) { stored = alias }
    }
    let tensor = try tensor(stored)
    guard tensor.shape.extents == extents else {
      throw .shapeMismatch(
        file: self.name,
        tensor: stored,
        expected: "\(Shape(extents))",
        found: "\(tensor.shape)"
      )
    }
    if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(file: self.name, tensor: stored, index: index)
    }
    return tensor.values
  }
}
