import BinadeNetworks
import BinadeTensor
import Foundation
import Testing

/// A file that Python's safetensors 0.8.0 wrote of PyTorch 2.13 tensors, read and written again.
@Suite struct SafetensorsPeerTests {
  /// `safetensors.torch.save(tensors, metadata={"k": 'v "\u{FC}"\n'})`; each tensor is of the type that its name says,
  /// made by `torch.tensor([...]).to(type)`, F4 by viewing the bytes 0x21, 0xF7 as `float4_e2m1fn_x2`.
  private static let peer = Data(
    base64Encoded: """
      aAUAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJrIjoidiBcIsO8XCJcbiJ9LCJ1NjQiOnsiZHR5cGUiOiJVNjQiLCJzaGFwZSI6WzNdLCJkYXRhX29m
      ZnNldHMiOlswLDI0XX0sImk2NCI6eyJkdHlwZSI6Ikk2NCIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzI0LDQ4XX0sImY2NCI6eyJkdHlw
      ZSI6IkY2NCIsInNoYXBlIjpbMiwzXSwiZGF0YV9vZmZzZXRzIjpbNDgsOTZdfSwiYzY0Ijp7ImR0eXBlIjoiQzY0Iiwic2hhcGUiOlsxXSwiZGF0
      YV9vZmZzZXRzIjpbOTYsMTA0XX0sImVtcHR5Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlswLDRdLCJkYXRhX29mZnNldHMiOlsxMDQsMTA0XX0s
      ImYzMiI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbNl0sImRhdGFfb2Zmc2V0cyI6WzEwNCwxMjhdfSwic2NhbGFyIjp7ImR0eXBlIjoiRjMyIiwi
      c2hhcGUiOltdLCJkYXRhX29mZnNldHMiOlsxMjgsMTMyXX0sInUzMiI6eyJkdHlwZSI6IlUzMiIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6
      WzEzMiwxNDRdfSwiaTMyIjp7ImR0eXBlIjoiSTMyIiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbMTQ0LDE1Nl19LCJiZjE2Ijp7ImR0eXBl
      IjoiQkYxNiIsInNoYXBlIjpbNl0sImRhdGFfb2Zmc2V0cyI6WzE1NiwxNjhdfSwiZjE2Ijp7ImR0eXBlIjoiRjE2Iiwic2hhcGUiOls2XSwiZGF0
      YV9vZmZzZXRzIjpbMTY4LDE4MF19LCJ1MTYiOnsiZHR5cGUiOiJVMTYiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlsxODAsMTg2XX0sImkx
      NiI6eyJkdHlwZSI6IkkxNiIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzE4NiwxOTJdfSwiZjhlNW0yZm51eiI6eyJkdHlwZSI6IkY4X0U1
      TTJGTlVaIiwic2hhcGUiOls1XSwiZGF0YV9vZmZzZXRzIjpbMTkyLDE5N119LCJmOGU0bTNmbnV6Ijp7ImR0eXBlIjoiRjhfRTRNM0ZOVVoiLCJz
      aGFwZSI6WzVdLCJkYXRhX29mZnNldHMiOlsxOTcsMjAyXX0sImY4ZThtMCI6eyJkdHlwZSI6IkY4X0U4TTAiLCJzaGFwZSI6WzRdLCJkYXRhX29m
      ZnNldHMiOlsyMDIsMjA2XX0sImY4ZTRtMyI6eyJkdHlwZSI6IkY4X0U0TTMiLCJzaGFwZSI6WzVdLCJkYXRhX29mZnNldHMiOlsyMDYsMjExXX0s
      ImY4ZTVtMiI6eyJkdHlwZSI6IkY4X0U1TTIiLCJzaGFwZSI6WzVdLCJkYXRhX29mZnNldHMiOlsyMTEsMjE2XX0sImk4Ijp7ImR0eXBlIjoiSTgi
      LCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlsyMTYsMjE5XX0sInU4Ijp7ImR0eXBlIjoiVTgiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMi
      OlsyMTksMjIyXX0sImY0Ijp7ImR0eXBlIjoiRjQiLCJzaGFwZSI6WzRdLCJkYXRhX29mZnNldHMiOlsyMjIsMjI0XX0sImJvb2wiOnsiZHR5cGUi
      OiJCT09MIiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbMjI0LDIyN119fSAgAAAAAAAAAAAHAAAAAAAAAP8AAAAAAAAAgP////////8AAAAA
      AAAAAH8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAgAAAAAAAAPA/AAAAAAAABMAAAAAAAAB8QAAAAAAAAIA/AACAPwAAAEAAAAAAAAAAgAAAgD8AACDA
      AADgQwAAADwAAEBAAAAAAAcAAAD/AAAAgP///wAAAAB/AAAAAAAAgIA/IMDgQwA8AAAAgAA8AMEAXwAgAAAHAP8AgP8AAH8AAEDFYCQAQMp/CH9+
      gQAAOMJ3BAA8wVwggAB/AAf/IfcBAAE=
      """,
    options: .ignoreUnknownCharacters
  )

  /// What `tensor.float()` prints there.
  private static let values: [String: [Float]] = [
    "f64": [0, -0.0, 1, -2.5, 448, 0.0078125], "f32": [0, -0.0, 1, -2.5, 448, 0.0078125],
    "f16": [0, -0.0, 1, -2.5, 448, 0.0078125], "bf16": [0, -0.0, 1, -2.5, 448, 0.0078125],
    "f8e4m3": [0, 1, -2.5, 240, 0.0078125], "f8e5m2": [0, 1, -2.5, 256, 0.0078125],
    "f8e4m3fnuz": [0, 1, -2.5, 240, 0.0078125], "f8e5m2fnuz": [0, 1, -2.5, 256, 0.0078125],
    "f8e8m0": [1, 0.5, 4, 0x1p-127], "f4": [0.5, 1, 6, -6],
    "i8": [-128, 0, 127], "i16": [-128, 0, 127], "i32": [-128, 0, 127], "i64": [-128, 0, 127],
    "u8": [0, 7, 255], "u16": [0, 7, 255], "u32": [0, 7, 255], "u64": [0, 7, 255],
    "bool": [1, 0, 1], "scalar": [3], "empty": [],
  ]

  @Test("every type that PyTorch has is read as PyTorch has it")
  func reading() throws {
    let scratch = try ScratchFolder()
    let file = try SafetensorsFile(contentsOf: scratch.write(try #require(Self.peer)))
    #expect(file.metadata == ["k": "v \"\u{FC}\"\n"])
    #expect(file.tensorNames == (Self.values.keys + ["c64"]).sorted())
    for (name, expected) in Self.values {
      let found = try file.tensor(name)
      #expect(found.values.map(\.bitPattern) == expected.map(\.bitPattern), "\(name): \(found.values)")
    }
    #expect(file.shape(of: "f64") == [2, 3])
    #expect(file.shape(of: "scalar") == [])
    #expect(file.shape(of: "empty") == [0, 4])
  }

  @Test("the same tensors are written as the same file, byte for byte, coded or rounded from values")
  func writing() throws {
    let scratch = try ScratchFolder()
    let peer = try #require(Self.peer)
    let file = try SafetensorsFile(contentsOf: scratch.write(peer))
    var coded = SafetensorsWriter(metadata: file.metadata)
    var rounded = SafetensorsWriter(metadata: file.metadata)
    for name in file.tensorNames {
      let type = try #require(file.typeName(of: name).flatMap(SafetensorsType.init))
      let shape = try #require(file.shape(of: name))
      try coded.add(name, type: type, shape: shape, bytes: try file.bytes(of: name))
      if type.isReal {
        try rounded.add(name, try file.tensor(name), as: type)
      } else {
        try rounded.add(name, type: type, shape: shape, bytes: try file.bytes(of: name))
      }
    }
    for (label, writer) in [("coded", coded), ("rounded", rounded)] {
      let url = scratch.url.appending(path: label)
      try writer.write(to: url)
      #expect(try Data(contentsOf: url) == peer, "\(label)")
    }
  }
}
