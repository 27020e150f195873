import BinadeNetworks
import BinadeTensor
import Foundation

/// A run between two steps: all that is needed to go on as if it had not been interrupted, bit for bit.
///
/// As a file it is one safetensors file: `parameters/NAME`, `optimizer/BUFFER/NAME`, `average/NAME`; the rest is metadata.
public struct Checkpoint: Sendable {
  /// What the run is: a checkpoint goes on with the same only.
  struct Identity: Sendable, Hashable {
    /// Names and shapes of the parameters.
    var network: String
    /// Of images and labels, and of the teacher.
    var data: String
    var teacher: String
    /// As ``TrainingRecipe/text``.
    var recipe: String
  }

  let identity: Identity
  /// Steps done.
  public let stepCount: Int
  let updateCount: Int
  let parameters: NetworkParameters
  let buffers: [(name: String, values: [Float])]
  let average: [Float]?
  /// As `QuantizedTraining` says it; empty where nothing is quantized.
  let quantizers: String
  /// What the owner of the run keeps with it.
  public var notes: [String: String] = [:]

  /// The recipe of the run.
  public func recipe() throws(TrainingError) -> TrainingRecipe {
    try TrainingRecipe(text: identity.recipe)
  }
}

extension Checkpoint {
  private static let version = "1"

  /// Writes the file under a temporary name and renames it.
  public func write(to url: URL) throws(NetworkError) {
    var metadata = notes.reduce(into: [:]) { $0["note.\($1.key)"] = $1.value }
    metadata["binadeCheckpoint"] = Self.version
    metadata["network"] = identity.network
    metadata["data"] = identity.data
    metadata["teacher"] = identity.teacher
    metadata["recipe"] = identity.recipe
    metadata["step"] = "\(stepCount)"
    metadata["updates"] = "\(updateCount)"
    if !quantizers.isEmpty { metadata["quantizers"] = quantizers }
    metadata["average"] = average == nil ? "none" : "kept"
    var writer = SafetensorsWriter(metadata: metadata)
    func add(_ prefix: String, _ values: [Float]) throws(NetworkError) {
      for entry in parameters.layout.entries {
        let tensor = Tensor(shape: entry.shape, values: Array(values[entry.range]))
        try writer.add("\(prefix)/\(entry.name)", tensor, as: .f32)
      }
    }
    try add("parameters", parameters.values)
    for (name, values) in buffers { try add("optimizer/\(name)", values) }
    if let average { try add("average", average) }
    try writer.write(to: url)
  }

  /// Reads a file that ``write(to:)`` has written, for a network with these parameters.
  ///
  /// Throws ``NetworkError`` for what is no safetensors file, and ``TrainingError`` for what is no checkpoint of the network.
  public init(contentsOf url: URL, for graph: NetworkGraph) throws {
    let file = try SafetensorsFile(contentsOf: url)
    func malformed(_ reason: String) -> TrainingError {
      .malformedCheckpoint(file: file.name, reason: reason)
    }
    guard let found = file.metadata["binadeCheckpoint"] else {
      throw malformed("no checkpoint: its metadata has no 'binadeCheckpoint'")
    }
    guard found == Self.version else {
      throw malformed("a checkpoint of version '\(found)'; this is \(Self.version)")
    }
    func text(_ key: String) throws -> String {
      guard let value = file.metadata[key] else { throw malformed("its metadata has no '\(key)'") }
      return value
    }
    func count(_ key: String) throws -> Int {
      guard let number = Int(try text(key)), (0...1 << 40).contains(number) else {
        throw malformed("'\(key)' is no number of steps")
      }
      return number
    }
    let layout = ParameterLayout(graph)
    identity = Identity(
      network: try text("network"),
      data: try text("data"),
      teacher: try text("teacher"),
      recipe: try text("recipe")
    )
    let expected = Self.network(layout)
    if let difference = Self.firstDifference(identity.network, expected) {
      throw TrainingError.otherCheckpoint(difference: "the network has \(difference)")
    }
    stepCount = try count("step")
    updateCount = try count("updates")
    func values(_ prefix: String) throws -> [Float] { try Self.values(prefix, of: file, layout) }
    var parameters = NetworkParameters(zeros: layout)
    let stored = try values("parameters")
    parameters.withUnsafeMutableValues { target in
      for place in stored.indices { target[place] = stored[place] }
    }
    self.parameters = parameters
    average = try text("average") == "kept" ? try values("average") : nil
    let names = Set(
      file.tensorNames.compactMap { name -> String? in
        let parts = name.split(separator: "/", maxSplits: 2)
        return parts.count == 3 && parts[0] == "optimizer" ? String(parts[1]) : nil
      }
    )
    buffers = try names.sorted().map { ($0, try values("optimizer/\($0)")) }
    quantizers = file.metadata["quantizers"] ?? ""
    notes = file.metadata.reduce(into: [:]) {
      if $1.key.hasPrefix("note.") { $0[String($1.key.dropFirst(5))] = $1.value }
    }
  }

  /// The tensors below a prefix, where the parameters lie.
  private static func values(_ prefix: String, of file: SafetensorsFile, _ layout: ParameterLayout) throws
    -> [Float]
  {
    var values = [Float](repeating: 0, count: layout.count)
    for entry in layout.entries {
      let tensor = try file.tensor("\(prefix)/\(entry.name)")
      guard tensor.shape == entry.shape, tensor.values.allSatisfy(\.isFinite) else {
        throw TrainingError.malformedCheckpoint(
          file: file.name,
          reason: "'\(prefix)/\(entry.name)' is not \(entry.shape) of finite numbers"
        )
      }
      values.replaceSubrange(entry.range, with: tensor.values)
    }
    return values
  }

  /// Names and shapes, one parameter per line.
  static func network(_ layout: ParameterLayout) -> String {
    layout.entries.map { "\($0.name) \($0.shape)" }.joined(separator: "\n")
  }

  private static func firstDifference(_ found: String, _ expected: String) -> String? {
    let (found, expected) = (found.split(separator: "\n"), expected.split(separator: "\n"))
    for index in 0..<max(found.count, expected.count) {
      let (one, two) = (
        found.indices.contains(index) ? String(found[index]) : "nothing more",
        expected.indices.contains(index) ? String(expected[index]) : "nothing more"
      )
      if one != two { return "'\(two)' where the checkpoint has '\(one)'" }
    }
    return nil
  }
}
