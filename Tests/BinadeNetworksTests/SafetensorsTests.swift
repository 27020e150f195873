import BinadeFormats
import BinadeNetworks
import BinadeNumerics
import BinadeTensor
import Foundation
import Testing

/// The types of safetensors files, writing them, and headers that were made to do harm.
@Suite struct SafetensorsTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func message(_ data: Data, as name: String = "file") throws -> String {
    let file = try scratch.write(data, as: name)
    do {
      _ = try SafetensorsFile(contentsOf: file)
      return "no error"
    } catch {
      return "\(error)".replacing(file.relativePath, with: "FILE")
    }
  }

  private static let formats: [(SafetensorsType, String)] = [
    (.f4, "float4_e2m1fn"), (.f6e2m3, "float6_e2m3fn"), (.f6e3m2, "float6_e3m2fn"), (.f8e5m2, "float8_e5m2"),
    (.f8e4m3, "float8_e4m3fn"), (.f8e8m0, "float8_e8m0fnu"), (.f8e4m3fnuz, "float8_e4m3fnuz"),
    (.f8e5m2fnuz, "float8_e5m2fnuz"), (.f16, "float16"), (.bf16, "bfloat16"), (.i8, "int8"), (.u8, "uint8"),
    (.i16, "int16"),
  ]

  @Test("every code of every narrow type is read as the catalogue decodes it", arguments: formats)
  func codes(type: SafetensorsType, name: String) throws {
    let format = try FormatCatalog().format(named: name)
    let codes = (0..<UInt32(1 << type.bitWidth)).map { $0 }
    let bytes: [UInt8] =
      type.bitWidth > 8
      ? codes.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
      : PackedCodes(codes.map { UInt8($0) }, bitWidth: type.bitWidth).bytes
    var writer = SafetensorsWriter()
    try writer.add("a", type: type, shape: [codes.count], bytes: bytes)
    let url = scratch.url.appending(path: "codes.safetensors")
    try writer.write(to: url)
    let file = try SafetensorsFile(contentsOf: url)
    let values = try file.tensor("a").values
    for (code, value) in zip(codes, values) {
      let expected = Float(format.decode(code))
      #expect(value.bitPattern == expected.bitPattern || (value.isNaN && expected.isNaN), "\(name) \(code)")
    }
    // Written from values, each code comes back; NaN as some NaN.
    var again = SafetensorsWriter()
    try again.add("a", Tensor(shape: [codes.count], values: values), as: type)
    try again.write(to: url)
    let back = try SafetensorsFile(contentsOf: url).tensor("a").values
    for (one, two) in zip(values, back) {
      #expect(one.bitPattern == two.bitPattern || (one.isNaN && two.isNaN), "\(name): \(one) became \(two)")
    }
  }

  @Test("the first of two F4 is the low nibble; four F6 take three bytes")
  func packing() throws {
    var writer = SafetensorsWriter()
    try writer.add("f4", Tensor(shape: [2], values: [0.5, -6]), as: .f4)
    try writer.add("f6", Tensor(shape: [4], values: [0.125, 0, 0, -7.5]), as: .f6e2m3)
    let url = scratch.url.appending(path: "packed.safetensors")
    try writer.write(to: url)
    let file = try SafetensorsFile(contentsOf: url)
    #expect(try file.bytes(of: "f4") == [0xF1])
    #expect(try file.bytes(of: "f6") == [0x01, 0x00, 0xFC])
    #expect(try file.tensor("f4").values == [0.5, -6])
    #expect(try file.tensor("f6").values == [0.125, 0, 0, -7.5])
  }

  @Test(
    "values are rounded once to nearest even; what lies beyond the range is infinity or the greatest value"
  )
  func rounding() throws {
    var writer = SafetensorsWriter(metadata: ["k": "\"v\"\n"])
    let values: [Float] = [1e9, -1e9, 2.5, 3.5, -0.5, .infinity]
    for type in SafetensorsType.allCases where type.isReal && ![.bool, .f4, .f6e2m3, .f6e3m2].contains(type) {
      try writer.add(type.rawValue, Tensor(shape: [2, 3], values: values), as: type)
    }
    let url = scratch.url.appending(path: "all.safetensors")
    try writer.write(to: url)
    let file = try SafetensorsFile(contentsOf: url)
    #expect(file.metadata == ["k": "\"v\"\n"])
    func read(_ type: SafetensorsType) throws -> [Float] { try file.tensor(type.rawValue).values }
    #expect(try read(.f32) == values)
    #expect(try read(.f64) == values)
    #expect(try read(.i8) == [127, -128, 2, 4, 0, 127])
    #expect(try read(.u8) == [255, 0, 2, 4, 0, 255])
    #expect(try read(.i32) == [1e9, -1e9, 2, 4, 0, 0x1p31])
    #expect(try read(.u64) == [1e9, 0, 2, 4, 0, 0x1p64])
    #expect(try read(.f8e4m3) == [448, -448, 2.5, 3.5, -0.5, 448])
    #expect(try read(.f8e5m2) == [.infinity, -.infinity, 2.5, 3.5, -0.5, .infinity])
    #expect(try read(.f16) == [.infinity, -.infinity, 2.5, 3.5, -0.5, .infinity])
    #expect(try read(.bf16).first == 998_244_352)
    #expect(try read(.bf16).last == .infinity)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["all.safetensors"])
  }

  @Test("what cannot be written is refused by name")
  func unwritable() throws {
    func refusal(_ body: (inout SafetensorsWriter) throws -> Void) -> String {
      var writer = SafetensorsWriter()
      do {
        try body(&writer)
        return "no error"
      } catch {
        return "\(error)"
      }
    }
    let nan = Tensor(shape: [2], values: [1, .nan])
    #expect(
      refusal { try $0.add("a", nan, as: .i8) }
        == "tensor 'a' cannot be written: it has values that I8 has no element for"
    )
    #expect(refusal { try $0.add("a", nan, as: .f4) }.contains("F4 has no element"))
    #expect(refusal { try $0.add("a", nan, as: .bool) }.contains("BOOL has no element"))
    #expect(refusal { try $0.add("a", nan, as: .f8e4m3) } == "no error")
    let odd = Tensor(shape: [3], values: [1, 1, 1])
    #expect(refusal { try $0.add("a", odd, as: .f4) }.contains("take no whole number of bytes"))
    #expect(refusal { try $0.add("a", type: .u8, shape: [3], bytes: [1]) }.contains("1 bytes for 3 elements"))
    #expect(refusal { try $0.add("__metadata__", odd, as: .f32) }.contains("not __metadata__"))
    #expect(
      refusal {
        try $0.add("a", odd, as: .f32)
        try $0.add("a", odd, as: .f32)
      }.contains("there is a tensor of this name already")
    )
    var writer = SafetensorsWriter()
    try writer.add("a", odd, as: .f32)
    #expect(throws: NetworkError.self) { try writer.write(to: self.scratch.url) }
    #expect(throws: NetworkError.self) {
      try writer.write(to: self.scratch.url.appending(path: "none/x.safetensors"))
    }
  }

  @Test("a type that is not known bars its own tensor only")
  func unknownType() throws {
    let header = """
      {"a":{"dtype":"F3_E9M9","shape":[5],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]},
       "c":{"dtype":"C64","shape":[1],"data_offsets":[3,11]}}
      """
    let bytes = WeightFileTests.bytes(header, [1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0])
    let file = try SafetensorsFile(contentsOf: scratch.write(bytes))
    #expect(try file.tensor("b").values == [3])
    #expect(try file.bytes(of: "a") == [1, 2])
    #expect(file.typeName(of: "a") == "F3_E9M9")
    #expect(throws: NetworkError.unusableType(file: file.name, tensor: "a", type: "F3_E9M9")) {
      try file.tensor("a")
    }
    #expect(throws: NetworkError.unusableType(file: file.name, tensor: "c", type: "C64")) {
      try file.tensor("c")
    }
    #expect(throws: NetworkError.self) { try file.bytes(of: "z") }
  }

  @Test("headers: one tensor per name, bounded names, ranks, depths and counts")
  func headers() throws {
    func header(_ text: String) throws -> String { try message(WeightFileTests.bytes(text, [0, 0, 0, 0])) }
    let one = "\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]"
    #expect(try header("{\"a\":{\(one)},\"a\":{\(one)}}").contains("two tensors of one name"))
    #expect(
      try header("{\"\(String(repeating: "a", count: 1025))\":{\(one)}}").contains("more than 1024 bytes")
    )
    #expect(
      try header("{\"a\":{\(one),\"x\":\(String(repeating: "[", count: 100))").contains("more than 64 levels")
    )
    #expect(try header("{\"a\":{\(one),\"x\":[1.5e3,{\"y\":[null,true]},\"\\ud83d\\ude00\"]}}") == "no error")
    let rank = Array(repeating: "1", count: 33).joined(separator: ",")
    #expect(
      try header("{\"a\":{\"dtype\":\"U8\",\"shape\":[\(rank)]").contains("more than 32 numbers in a list")
    )
    for bad in [
      "{\"a\":{\(one)}", "{\"a\":{\(one)}}x", "{\"a\":{\(one)},}", "{a:1}", "{\"a\\x\":1}",
      "{\"a\\ud83d\":1}", "{\"a",
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}",
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775808],\"data_offsets\":[0,1]}}",
      "{\"__metadata__\":3}", "{\"\u{7}\":1}",
    ] {
      let found = try header(bad)
      #expect(found.hasPrefix("FILE: the header, at byte "), "\(bad): \(found)")
    }
    #expect(
      try header("{\"\\u001b[31m\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,1]}}").contains(
        "'\\u001b[31m'"
      )
    )
    #expect(try header("{\"__metadata__\":{\"a\":1,\"b\":\"c\"}}") == "no error")
  }

  @Test("300,000 empty tensors are refused at once; 100,000 are read")
  func manyTensors() throws {
    func file(_ count: Int) -> Data {
      let entries = (0..<count).map { "\"t\($0)\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}" }
      return WeightFileTests.bytes("{" + entries.joined(separator: ",") + "}")
    }
    let many = try scratch.write(file(300_000), as: "many")
    let some = try scratch.write(file(100_000), as: "some")
    let elapsed = try ContinuousClock().measure {
      #expect(throws: NetworkError.self) { try SafetensorsFile(contentsOf: many) }
      let names = try SafetensorsFile(contentsOf: some).tensorNames
      #expect(names.count == 100_000)
    }
    #expect(elapsed < .seconds(8), "took \(elapsed)")
  }

  @Test("a file that is cut after it was opened is an error")
  func cut() throws {
    let header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[25000],\"data_offsets\":[0,100000]}}"
    let url = try scratch.write(WeightFileTests.bytes(header, Array(repeating: 0, count: 100_000)))
    let file = try SafetensorsFile(contentsOf: url)
    let handle = try FileHandle(forWritingTo: url)
    try handle.truncate(atOffset: 5000)
    do {
      _ = try file.tensor("a")
      Issue.record("no error")
    } catch {
      #expect("\(error)".contains("it ends at byte 5000; it had"))
    }
  }

  @Test("files of other kinds are told by name, with the three lines that convert them")
  func foreign() throws {
    let zip = try message(Data("PK\u{3}\u{4}".utf8) + Data(repeating: 0, count: 100), as: "net.pth")
    #expect(zip.hasPrefix("FILE: a ZIP archive, as torch.save writes it"))
    #expect(zip.contains("torch.load(") && zip.contains("net.safetensors") && zip.contains("--architecture"))
    #expect(zip.split(separator: "\n").count == 5)
    #expect(
      try message(Data([0x80, 2, 0x8A, 0x0A]) + Data(repeating: 1, count: 50)).contains("a Python pickle")
    )
    let onnx = try message(
      Data([8, 7, 0x12, 7]) + Data("pytorch".utf8) + Data(repeating: 9, count: 90),
      as: "n.onnx"
    )
    #expect(onnx.contains("an ONNX model") && onnx.contains("onnx.load("))
    #expect(try message(Data("version https://git-lfs.github.com/spec/v1\n".utf8)).contains("git lfs pull"))
    #expect(try message(Data("<!DOCTYPE html>".utf8)).contains("a web page"))
    #expect(try message(Data("GGUF0000000".utf8)).contains("a GGUF file"))
    #expect(try message(Data([0x89]) + Data("HDF\r\n".utf8)).contains("an HDF5 file"))
    #expect(try message(Data("{\"weight_map\": {}}".utf8)).contains("sharded"))
  }

  @Test("metadata that no network has is refused, not multiplied")
  func widths() throws {
    for widths in [
      "9223372036854775807,1,1", "4097,4097,4097", "-1,1,1", "1,2", "1e3,1,1", "99999999999999999999",
    ] {
      let text = "{\"__metadata__\":{\"architecture\":\"resnet8-cifar\",\"widths\":\"\(widths)\"}}"
      let file = try scratch.write(WeightFileTests.bytes(text), as: "w.safetensors")
      do {
        _ = try Model(contentsOf: file)
        Issue.record("no error: \(widths)")
      } catch {
        #expect("\(error)".contains("widths"), "\(error)")
      }
    }
    let long = String(repeating: "1,", count: 1_000_000) + "1"
    let text = "{\"__metadata__\":{\"architecture\":\"resnet8-cifar\",\"widths\":\"\(long)\"}}"
    let file = try scratch.write(WeightFileTests.bytes(text), as: "w.safetensors")
    do {
      _ = try Model(contentsOf: file)
      Issue.record("no error")
    } catch {
      #expect("\(error)".utf8.count < 600)
    }
    var options = ArchitectureOptions()
    (options.widths, options.widthMultiplier) = ([.max, .max, .max], 16)
    #expect(throws: NetworkError.self) { try ArchitectureName.resolve("resnet20-cifar", options) }
  }
}
