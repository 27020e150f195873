import BinadeNetworks
import Foundation
import Testing

/// A folder that goes away with the test.
final class ScratchFolder {
  let url = FileManager.default.temporaryDirectory.appending(path: "binade-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ data: Data, as name: String = "file") throws -> URL {
    let file = url.appending(path: name)
    try data.write(to: file)
    return file
  }
}

@Suite struct WeightFileTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  /// A safetensors file from a header and data.
  static func bytes(_ header: String, _ body: [UInt8] = [], claimedLength: Int? = nil) -> Data {
    let length = UInt64(bitPattern: Int64(claimedLength ?? header.utf8.count))
    return Data((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }) + Data(header.utf8)
      + Data(body)
  }

  func message(_ data: Data) throws -> String {
    let file = try scratch.write(data)
    do {
      _ = try SafetensorsFile(contentsOf: file)
      return "no error"
    } catch {
      return "\(error)".replacing(file.relativePath, with: "FILE")
    }
  }

  @Test("types are converted exactly")
  func types() throws {
    let header = """
      {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
       "b":{"dtype":"F16","shape":[4],"data_offsets":[4,12]},
       "c":{"dtype":"BF16","shape":[1,1],"data_offsets":[12,14]},
       "d":{"dtype":"F64","shape":[],"data_offsets":[14,22]},
       "e":{"dtype":"I64","shape":[1],"data_offsets":[22,30]},
       "__metadata__":{"k":"v"}}
      """
    // 1.5; 1, -2^-24, infinity, 65504; -1; 0.1 as float64; 7.
    let body: [UInt8] =
      [0, 0, 0xC0, 0x3F] + [0, 0x3C, 1, 0x80, 0, 0x7C, 0xFF, 0x7B] + [0x80, 0xBF]
      + [0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xB9, 0x3F] + [7, 0, 0, 0, 0, 0, 0, 0]
    let file = try SafetensorsFile(contentsOf: scratch.write(Self.bytes(header, body)))
    #expect(try file.tensor("a").values == [1.5])
    #expect(try file.tensor("b").values == [1, -0x1p-24, .infinity, 65504])
    #expect(try file.tensor("c").values == [-1])
    #expect(try file.tensor("d").values == [0.1])
    #expect(file.metadata == ["k": "v"])
    #expect(try file.tensor("e").values == [7])
    #expect(throws: NetworkError.missingTensor(file: file.name, name: "aa", nearest: "a")) {
      try file.tensor("aa")
    }
  }

  @Test("a hostile header is refused before any tensor is touched")
  func hostile() throws {
    #expect(try message(Data([1, 2])) == "FILE: 2 bytes; a safetensors file has at least 8")
    #expect(
      try message(Self.bytes("{}", claimedLength: 1 << 40)).hasPrefix("FILE: the header claims 1099511627776")
    )
    #expect(
      try message(Self.bytes("{}", claimedLength: -1)).hasPrefix("FILE: the header claims 1844674407370955")
    )
    #expect(try message(Self.bytes("[1]")) == "FILE: the header is not a JSON object")
    #expect(try message(Self.bytes("{\"a\":3}")).contains("needs 'dtype', 'shape' and two 'data_offsets'"))
    func one(_ type: String, _ shape: String, _ offsets: String) throws -> String {
      try message(
        Self.bytes(
          "{\"a\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}}",
          [UInt8](repeating: 0, count: 16)
        )
      )
    }
    #expect(try one("F32", "[4]", "[0,16]") == "no error")
    #expect(try one("F99", "[4]", "[0,16]") == "no error")
    #expect(try one("F32", "[5]", "[0,20]").contains("lie outside the 16 bytes"))
    #expect(try one("F32", "[4]", "[8,4]").contains("lie outside"))
    #expect(try one("F32", "[3]", "[0,16]").contains("16 bytes for 3 elements of type F32, which take 12"))
    #expect(try one("F32", "[-4]", "[0,16]").contains("is not a shape"))
    #expect(try one("F32", "[4294967296,4294967296]", "[0,16]").contains("is not a shape"))
    #expect(try one("F32", "[4611686018427387904]", "[0,16]").contains("which take no whole number of bytes"))
    #expect(
      try message(
        Self.bytes(
          """
          {"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}}
          """,
          [UInt8](repeating: 0, count: 8)
        )
      ) == "FILE: tensors 'a' and 'b' overlap"
    )
  }

  @Test("missing files and folders say so")
  func missing() throws {
    #expect(throws: NetworkError.self) { try SafetensorsFile(contentsOf: scratch.url) }
    let nowhere = scratch.url.appending(path: "nowhere")
    #expect(
      throws: NetworkError.unreadable(file: nowhere.relativePath, reason: "no such file")
    ) { try SafetensorsFile(contentsOf: nowhere) }
  }

  /// The smallest ResNet with every weight 0 but what `change` puts there.
  func model(_ change: (inout [String: (shape: [Int], values: [Float])]) -> Void) throws -> URL {
    var tensors: [String: (shape: [Int], values: [Float])] = [:]
    let graph = try ResNet.cifar(depth: 8, widths: [2, 4, 8]).graph
    for node in graph.nodes {
      let channels = node.shape.channels
      switch node.operation {
      case .convolution(_, let kernel, _, _, _, _):
        let inputs = graph.nodes[node.inputs[0]].shape.channels
        tensors["\(node.name).weight"] = (
          [channels, inputs, kernel, kernel], Array(repeating: 0, count: channels * inputs * kernel * kernel)
        )
      case .batchNormalization:
        for part in ["weight", "bias", "running_mean", "running_var"] {
          tensors["\(node.name).\(part)"] = ([channels], Array(repeating: 1, count: channels))
        }
      case .linear:
        tensors["linear.weight"] = ([10, 8], Array(repeating: 0, count: 80))
        tensors["linear.bias"] = ([10], Array(repeating: 0, count: 10))
      default: break
      }
    }
    change(&tensors)
    var header: [String: Any] = [
      "__metadata__": ["architecture": "resnet8-cifar", "widths": "2,4,8", "shortcut": "A"]
    ]
    var body = Data()
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let start = body.count
      tensor.values.withUnsafeBytes { body.append(contentsOf: $0) }
      header[name] = ["dtype": "F32", "shape": tensor.shape, "data_offsets": [start, body.count]]
    }
    let text = try JSONSerialization.data(withJSONObject: header)
    return try scratch.write(
      Data((0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }) + text + body,
      as: "m.safetensors"
    )
  }

  @Test("weights that do not fit the network are refused by name")
  func misfits() throws {
    _ = try Model(contentsOf: model { _ in })
    // timm calls the classifier fc.
    _ = try Model(
      contentsOf: model { tensors in
        tensors["fc.weight"] = tensors.removeValue(forKey: "linear.weight")
        tensors["fc.bias"] = tensors.removeValue(forKey: "linear.bias")
      }
    )
    func message(_ change: (inout [String: (shape: [Int], values: [Float])]) -> Void) throws -> String {
      do {
        _ = try Model(contentsOf: model(change))
        return "no error"
      } catch let error as NetworkError {
        return "\(error)".components(separatedBy: "m.safetensors: ").last ?? ""
      }
    }
    #expect(
      try message { $0["layer1.0.conv1.weight"] = nil }
        == "no tensor 'layer1.0.conv1.weight'; the nearest name is 'layer1.0.conv2.weight'"
    )
    #expect(
      try message { $0["conv1.weight"] = ([2, 3, 9], Array(repeating: 0, count: 54)) }
        == "tensor 'conv1.weight' has shape 2×3×9; the network needs 2×3×3×3"
    )
    #expect(
      try message { $0["conv1.weight"]?.values[5] = .nan }
        == "tensor 'conv1.weight' holds NaN or infinity at element 5"
    )
    #expect(
      try message { $0["bn1.running_var"]?.values[1] = -1 }
        == "'bn1.running_var' is -1.0 at 1; a variance is not negative"
    )
  }
}
