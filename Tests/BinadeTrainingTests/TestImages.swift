import BinadeNetworks
import Foundation

/// Data sets of random bytes, as files that the readers read.
enum TestImages {
  /// Images of a network's shape with labels of its classes; three channels: CIFAR-10's layout, one: MNIST's.
  static func of(_ graph: NetworkGraph, count: Int) throws -> ImageDataset {
    let shape = graph.inputShape
    let bytes = (0..<count * shape.count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
    return try ImageDataset(
      name: "random",
      imageShape: shape,
      classCount: graph.outputCount,
      images: bytes,
      labels: (0..<count).map { UInt8($0 * 3 % graph.outputCount) }
    )
  }

  static func normalization(_ graph: NetworkGraph) -> Normalization {
    let channels = graph.inputShape.channels
    return Normalization(
      mean: Array(repeating: 0.5, count: channels),
      standardDeviation: Array(repeating: 0.25, count: channels)
    )
  }
}
