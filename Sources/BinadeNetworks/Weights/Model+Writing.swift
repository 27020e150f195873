import BinadeTensor
import Foundation

extension Model {
  /// Writes a network as a file that Binade and PyTorch read: PyTorch's names, shapes and float32 values.
  ///
  /// `metadata`: what the file says beside architecture and normalization.
  public static func write(
    _ architecture: any Architecture,
    _ parameters: NetworkParameters,
    _ normalization: Normalization,
    metadata: [String: String] = [:],
    to url: URL
  ) throws(NetworkError) {
    func list(_ numbers: [Float]) -> String { numbers.map { "\($0)" }.joined(separator: ",") }
    let own = architecture.metadata.merging(
      ["mean": list(normalization.mean), "std": list(normalization.standardDeviation)]
    ) { own, _ in own }
    var writer = SafetensorsWriter(metadata: metadata.merging(own) { _, own in own })
    for entry in parameters.layout.entries {
      let tensor = Tensor(shape: entry.shape, values: Array(parameters.values[entry.range]))
      try writer.add(entry.name, tensor, as: .f32)
    }
    try writer.write(to: url)
  }
}
