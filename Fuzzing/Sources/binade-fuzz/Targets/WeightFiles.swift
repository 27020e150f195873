import Binade
import Foundation

/// Weight files.
enum WeightFiles {
  /// A safetensors file: every tensor is read, a narrow one written again, and a network is made of them.
  static func load(_ data: Data) {
    let url = ScratchFile.write(data, as: "weights")
    defer { ScratchFile.remove(url) }
    guard let file = try? SafetensorsFile(contentsOf: url) else { return }
    for name in file.tensorNames.prefix(64) {
      _ = try? file.bytes(of: name)
      guard let tensor = try? file.tensor(name), let typeName = file.typeName(of: name),
        let type = SafetensorsType(rawValue: typeName), type.bitWidth <= 16, type != .bool
      else { continue }
      var writer = SafetensorsWriter(metadata: file.metadata)
      guard (try? writer.add(name, tensor, as: type)) != nil else { continue }
      let copy = ScratchFile.write(Data(), as: "copy")
      defer { ScratchFile.remove(copy) }
      guard (try? writer.write(to: copy)) != nil,
        let again = try? SafetensorsFile(contentsOf: copy).tensor(name)
      else { preconditionFailure("what was written cannot be read") }
      for (one, two) in zip(tensor.values, again.values) {
        precondition(one.bitPattern == two.bitPattern || (one.isNaN && two.isNaN), "\(one) became \(two)")
      }
    }
    _ = try? Model(contentsOf: url)
  }
}
