import BinadeNumerics

/// Why a network, its weights or its data cannot be used.
public enum NetworkError: Error, Sendable, Hashable {
  case unreadable(file: String, reason: String)
  case malformed(file: String, reason: String)
  case foreignModel(file: String, kind: ForeignModelKind)
  case notWritable(file: String, reason: String)
  case unwritable(tensor: String, reason: String)
  case missingTensor(file: String, name: String, nearest: String?)
  case unusableType(file: String, tensor: String, type: String)
  case shapeMismatch(file: String, tensor: String, expected: String, found: String)
  case notFinite(file: String, tensor: String, index: Int)
  case unknownArchitecture(name: String, nearest: String?)
  case invalidArchitecture(parameter: String, found: String, allowed: String)
  case labelOutOfRange(file: String, record: Int, label: Int, classCount: Int)
  case noDataset(path: String)
  case inputMismatch(model: String, data: String)
  case noChannels(layer: String, range: String, count: Int)
  case channelsOfRealWeights(layer: String, range: String)
  case accumulatorWithoutFormats(layer: String, accumulator: String)
  case accumulatorWithoutCodes(layer: String, accumulator: String, reason: String)
}

extension NetworkError: CustomStringConvertible {
  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file): cannot be read: \(reason)"
    case .malformed(let file, let reason):
      "\(file): \(reason)"
    case .foreignModel(let file, let kind):
      "\(PrintableText.excerpt(file, limit: 1000)): \(kind.sentence(file: file))"
    case .notWritable(let file, let reason):
      "\(file): cannot be written: \(reason)"
    case .unwritable(let tensor, let reason):
      "tensor '\(PrintableText.excerpt(tensor))' cannot be written: \(reason)"
    case .missingTensor(let file, let name, let nearest):
      "\(file): no tensor '\(PrintableText.excerpt(name))'"
        + (nearest.map { "; the nearest name is '\(PrintableText.excerpt($0))'" } ?? "")
    case .unusableType(let file, let tensor, let type):
      "\(file): tensor '\(PrintableText.excerpt(tensor))' has type \(PrintableText.excerpt(type)); allowed: "
        + SafetensorsType.allCases.filter(\.isReal).map(\.rawValue).joined(separator: ", ")
    case .shapeMismatch(let file, let tensor, let expected, let found):
      "\(file): tensor '\(PrintableText.excerpt(tensor))' has shape \(found); the network needs \(expected)"
    case .notFinite(let file, let tensor, let index):
      "\(file): tensor '\(PrintableText.excerpt(tensor))' holds NaN or infinity at element \(index)"
    case .unknownArchitecture(let name, let nearest):
      "no architecture '\(PrintableText.excerpt(name))'" + (nearest.map { "; did you mean '\($0)'?" } ?? "")
        + " (allowed: resnet<6n+2>-cifar, "
        + ArchitectureName.examples.filter { !$0.hasSuffix("-cifar") }.joined(separator: ", ") + ")"
    case .invalidArchitecture(let parameter, let found, let allowed):
      "architecture: '\(parameter)' is \(found); allowed: \(allowed)"
    case .labelOutOfRange(let file, let record, let label, let classCount):
      "\(file): record \(record) has label \(label); labels are 0 to \(classCount - 1)"
    case .noDataset(let path):
      "\(path): no data set found; expected test_batch.bin (CIFAR-10, binary version), test.bin (CIFAR-100), "
        + "t10k-images-idx3-ubyte (MNIST), or images in train/CLASS/ and test/CLASS/"
    case .inputMismatch(let model, let data):
      "the network takes images of \(model), the data set has \(data)"
    case .noChannels(let layer, let range, let count):
      "'\(layer)' has the output channels 0 to \(count - 1); \(range) asks for others"
    case .channelsOfRealWeights(let layer, let range):
      "'\(layer)': channels \(range) have a format, the others are float32; give the rest of the layer's weights a format"
    case .accumulatorWithoutCodes(let layer, let accumulator, let reason):
      "'\(layer)': accumulator '\(accumulator)' sums products of codes, and \(reason); leave the accumulator out, or what "
        + "brings this about: blocks, corrected means, scales that stay with the inputs"
    case .accumulatorWithoutFormats(let layer, let accumulator):
      "\(layer): accumulator '\(accumulator)' sums products of codes; weights and activations need formats, float32 for "
        + "what shall stay as it is"
    }
  }
}
