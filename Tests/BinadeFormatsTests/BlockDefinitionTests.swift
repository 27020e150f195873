import BinadeFormats
import BinadeNumerics
import Foundation
import Testing

@Suite final class BlockDefinitionTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "binade-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ name: String, _ text: String) throws -> String {
    let file = folder.appending(path: name)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  /// What is said of a definition, without the folder.
  private func message(_ lines: String) throws -> String {
    let path = try write("x.yaml", "name: x\nfamily: block\nsource: a test\n" + lines)
    do {
      _ = try FormatCatalog().entry(named: path)
      return "no error"
    } catch {
      return "\(error)".replacing(folder.path + "/", with: "")
    }
  }

  @Test("a bad block definition is one sentence: file, line, what was found, what is allowed")
  func messages() throws {
    #expect(try message("element: int4\nblockLength: 8") == "no error")
    #expect(try message("element: int4") == "x.yaml: the key 'blockLength' is missing")
    #expect(try message("blockLength: 8") == "x.yaml: the key 'element' is missing")
    #expect(
      try message("element: int4\nblockLength: 0")
        == "x.yaml: format 'x': 'blockLength' is 0; allowed: 1 to 65536"
    )
    #expect(
      try message("element: flaot4_e2m1fn\nblockLength: 8")
        == "x.yaml:4: 'element' names no format: 'flaot4_e2m1fn'; did you mean 'float4_e2m1fn'? "
        + "('binade formats list' shows all)"
    )
    #expect(
      try message("element: int4\nblockLength: 8\nscale: ue9m0").hasPrefix(
        "x.yaml:6: 'scale' names no format: 'ue9m0'"
      )
    )
    #expect(
      try message("element: int4\nblockLength: 8\nscaleRule: celi")
        == "x.yaml:6: 'scaleRule' cannot be 'celi'; did you mean 'ceil'?; allowed: floor, ceil, rceil, even"
    )
    #expect(
      try message("element: uint4\nblockLength: 8")
        == "x.yaml: format 'x': 'element' is uint4; allowed: formats with negative values, zero and positive values"
    )
    #expect(try message("element: mxint8\nblockLength: 8").contains("'element' names no format: 'mxint8'"))
    #expect(try message("element: q99.99\nblockLength: 8").hasPrefix("x.yaml: format 'q99.99'"))
    #expect(
      try message("element: int4\nblockLength: 8\nouterScale: row")
        == "x.yaml:6: 'outerScale' must be left out; it belongs to scales that are numbers, not powers of two, "
        + "found \"row\""
    )
    #expect(
      try message("element: int4\nblockLength: 8\nscale: uint4\nscaleRule: ceil")
        == "x.yaml:7: 'scaleRule' must be left out; it belongs to the scale float8_e8m0fnu, found \"ceil\""
    )
    #expect(try message("element: int4\nblockLength: 8\nbits: 3").hasPrefix("x.yaml:6: unknown key 'bits'"))
  }

  @Test("folders and paths give block formats; names are unique among all formats")
  func folders() throws {
    let text = "family: block\nsource: a test\nelement: posit6_es1\nscaleRule: rceil\nblockLength: 8\n"
    let path = try write("mine.yaml", "name: mine\n" + text)
    let format = try FormatCatalog(folders: [folder]).blockFormat(named: "mine")
    #expect(format.element.name == "posit6_es1")
    #expect(format.scale.rule == .rceil)
    #expect(format.bitsPerElement == 7)
    #expect(try FormatCatalog().blockFormat(named: path).name == "mine")
    for taken in ["int4", "nvfp4"] {
      let file = try write("\(taken).yaml", "name: \(taken)\n" + text)
      let catalog = try FormatCatalog(folders: [folder])
      #expect(catalog.skipped.count == 1)
      #expect("\(catalog.skipped[0])".contains("the name '\(taken)' is defined twice"))
      #expect(catalog.blockFormats.contains { $0.name == "mine" })
      #expect(throws: FormatDefinitionError.self) { try FormatCatalog().entry(named: file) }
      try FileManager.default.removeItem(atPath: file)
    }
    _ = try write("other.yaml", "name: another\n" + text)
    #expect(try FormatCatalog(folders: [folder]).blockFormat(named: "another").blockLength == 8)
  }

  @Test(
    "names give parameters, and the files that ship agree with them",
    arguments: ["bfp4", "bfp8", "vsq4_s4"]
  )
  func parametric(name: String) throws {
    let shipped = try FormatCatalog().blockFormat(named: name)
    let named = try #require(try ParametricBlockFormat.format(named: name))
    #expect(shipped.source == named.source)
    #expect(shipped.element.name == named.element.name)
    #expect(shipped.bitsPerElement == named.bitsPerElement)
    #expect(shipped.scale.formatName == named.scale.formatName)
    let row: [Float] = [1, -2.5, 0.3, 7.99, 0]
    let codes = try BlockCodec(named).encode(row)
    #expect(try BlockCodec(shipped).encode(row) == codes)
  }

  @Test("bad parameters, unknown names and block formats where elements are asked for")
  func names() throws {
    let catalog = try FormatCatalog()
    for name in ["bfp1", "bfp17", "vsq1_s4", "vsq4_s11", "sm0.0", "sm9.9"] {
      #expect(throws: FormatError.self) { try catalog.entry(named: name) }
    }
    #expect(throws: UnknownFormat.self) { try catalog.blockFormat(named: "int4") }
    do {
      _ = try catalog.format(named: "mxfp4_e2m2")
      Issue.record("no error")
    } catch {
      #expect("\(error)".hasPrefix("no format 'mxfp4_e2m2'; did you mean 'mxfp4_e2m1'?"))
    }
    do {
      _ = try catalog.format(named: "mxfp4_e2m1")
      Issue.record("no error")
    } catch {
      #expect("\(error)".hasPrefix("'mxfp4_e2m1' is a block format"))
      #expect("\(error)".contains("binade quantize"))
    }
  }

  @Test("sm1.2 is sign and magnitude: steps of a quarter up to 1.75, and -0")
  func signMagnitude() throws {
    let format = try FormatCatalog().format(named: "sm1.2")
    #expect(format.bitWidth == 4)
    #expect((0..<8).map { format.decode($0) } == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75])
    #expect(format.decode(9) == -0.25)
    #expect(format.decode(8).sign == .minus)
    #expect(try FormatCatalog().format(named: "sm0.3").decode(7) == 0.875)
    #expect(try FormatCatalog().format(named: "sm3.0").decode(7) == 7)
  }
}
