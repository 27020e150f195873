import BinadeFormats
import BinadeNumerics
import Foundation
import Testing

/// Names that people bring from elsewhere.
@Suite struct FormatAliasTests {
  private let catalog: FormatCatalog

  init() throws { catalog = try FormatCatalog() }

  private func message(_ name: String) -> String {
    do {
      return "no error: \(try catalog.entry(named: name))"
    } catch {
      return "\(error)"
    }
  }

  @Test("no alias is there twice, is a name of the catalogue, or stands for what is not there")
  func table() {
    let names = FormatAlias.all.map(\.name)
    #expect(Set(names).count == names.count, "\(names.filter { name in names.count { $0 == name } > 1 })")
    let known = Set(catalog.allNames)
    for alias in FormatAlias.all {
      #expect(!known.contains(alias.name), "\(alias.name) is a format")
      #expect(alias.name == alias.name.lowercased())
      #expect(alias.meanings.allSatisfy(known.contains), "\(alias.name): \(alias.meanings)")
      #expect(Set(alias.meanings).count == alias.meanings.count && !alias.meanings.isEmpty)
    }
  }

  @Test(
    "an alias gives the format of the catalogue, under its own name",
    arguments: [
      ("fp32", "float32"), ("float", "float32"), ("single", "float32"), ("fp16", "float16"),
      ("half", "float16"), ("bf16", "bfloat16"), ("fp8_e4m3", "float8_e4m3fn"), ("e4m3fn", "float8_e4m3fn"),
      ("e5m2", "float8_e5m2"), ("fp8_e5m2", "float8_e5m2"), ("fp4", "float4_e2m1fn"),
      ("e2m1", "float4_e2m1fn"), ("fp6_e3m2", "float6_e3m2fn"), ("ue8m0", "float8_e8m0fnu"),
      ("hifloat8", "hif8"), ("u8", "uint8"), ("uint8", "uint8"), ("msfp12", "bfp4"),
    ]
  )
  func single(alias: String, name: String) throws {
    switch try catalog.entry(named: alias) {
    case .element(let format): #expect(format.name == name)
    case .block(let format): #expect(format.name == name)
    }
    #expect(alias == name || catalog.aliases(of: name).contains(alias))
  }

  @Test("block formats have aliases, too")
  func blocks() throws {
    #expect(try catalog.blockFormat(named: "mxfp4").name == "mxfp4_e2m1")
  }

  @Test("a name that two formats share is refused, and both are named")
  func ambiguous() {
    #expect(
      message("e4m3")
        == "the format 'e4m3' can be 'float8_e4m3fn' (greatest 448, no infinities) or 'float8_e4m3' "
        + "(greatest 240, infinities); name the one you mean"
    )
    #expect(
      message("fp8")
        == "the format 'fp8' can be 'float8_e4m3fn' (greatest 448, no infinities) or 'float8_e5m2' "
        + "(greatest 57344, infinities); name the one you mean"
    )
    #expect(
      message("mxfp8")
        == "the format 'mxfp8' can be 'mxfp8_e4m3' (blocks of float8_e4m3fn) or 'mxfp8_e5m2' "
        + "(blocks of float8_e5m2); name the one you mean"
    )
    for name in ["float8", "fp6", "e2m3", "e3m2", "mxfp6"] {
      #expect(message(name).hasPrefix("the format '\(name)' can be "), "\(name)")
    }
  }

  @Test("a format of one's own that is called like an alias takes the name")
  func shadowed() throws {
    enum Mine: FormatProvider {
      static var formats: [any NumericFormat] {
        [BinaryFormat(info: FormatInfo(name: "fp8", bitWidth: 1, source: "a test"))]
      }
    }
    let catalog = try FormatCatalog(providers: [Mine.self])
    #expect(try catalog.format(named: "fp8").bitWidth == 1)
    #expect(!catalog.ambiguousNames.map(\.name).contains("fp8"))
  }

  @Test("elements of blocks may be aliases, but not ones that leave it open")
  func elements() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "binade-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "mine.yaml")
    func write(element: String) throws {
      let yaml = "name: mine\nfamily: block\nelement: \(element)\nblockLength: 8\nsource: a test\n"
      try Data(yaml.utf8).write(to: file)
    }
    try write(element: "fp4")
    #expect(try catalog.blockFormat(named: file.path).element.name == "float4_e2m1fn")
    #expect(try FormatCatalog(folders: [folder]).blockFormat(named: "mine").element.name == "float4_e2m1fn")
    try write(element: "e4m3")
    #expect(
      message(file.path).hasSuffix(
        "mine.yaml:3: 'element' cannot be 'e4m3', which names more than one format; "
          + "write 'float8_e4m3fn' or 'float8_e4m3'"
      )
    )
  }

  @Test("other spellings are suggested")
  func suggestions() {
    #expect(message("BF16").hasPrefix("no format 'BF16'; did you mean 'bf16'?"))
    #expect(message("bfloat").hasPrefix("no format 'bfloat'; did you mean 'bfloat16'?"))
    #expect(message("hifloat").hasPrefix("no format 'hifloat'; did you mean 'hifloat8'?"))
    #expect(message("float8_e4m3f").hasPrefix("no format 'float8_e4m3f'; did you mean 'float8_e4m3fn'?"))
  }
}

/// Minus one and one.
private struct BinaryFormat: NumericFormat {
  let info: FormatInfo
  func decode(_ code: UInt32) -> Double { code == 0 ? -1 : 1 }
}
