import BinadeFormats
import BinadeNumerics
import Foundation
import Testing

@Suite struct FormatDefinitionTests {
  private func message(_ yaml: String) -> String {
    do {
      _ = try FormatDefinitionReader.read(yaml: yaml, file: "x.yaml")
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  private let head = "name: x\nsource: a test\n"

  @Test("a bad definition is one sentence: file, line, what was found, what is allowed")
  func messages() {
    #expect(message(head) == "x.yaml: the key 'family' is missing")
    #expect(
      message(head + "family: binaryfloat")
        == "x.yaml:3: 'family' cannot be 'binaryfloat'; did you mean 'binaryFloat'?; allowed: integer, "
        + "fixedPoint, binaryFloat, posit, takum, hiFloat, logarithmic, codebook, block"
    )
    #expect(
      message(head + "family: integer\nbitwidth: 4")
        == "x.yaml:4: unknown key 'bitwidth'; did you mean 'bitWidth'?; allowed here: name, family, source, "
        + "scaling, note, bitWidth, signed, range"
    )
    #expect(
      message(head + "family: integer\nbitWidth: seven")
        == "x.yaml:4: 'bitWidth' must be an integer, found \"seven\""
    )
    #expect(
      message(head + "family: integer\nbitWidth: 40")
        == "x.yaml: format 'x': 'bitWidth' is 40; allowed: 1 to 16"
    )
    #expect(
      message(head + "family: codebook\nvalues: [1, 2, 2, 3]")
        == "x.yaml: format 'x' gives the value 2.0 to more than one code: 0x1, 0x2"
    )
    for line in [
      "family: binaryFloat\nexponentBitCount: 4\nsignificandBitCount: 3\nspecialValues: ieee\nexponentBias: -9223372036854775808",
      "family: logarithmic\nintegerBitCount: 3\nfractionBitCount: 9223372036854775807",
      "family: integer\nbitWidth: 1:1:1:1:1:1:1:1:1:1:1:1",
    ] {
      #expect(message(head + line).hasPrefix("x.yaml"))
    }
    #expect(message("- 1\n- 2") == "x.yaml: expected 'key: value' lines, as in formats/README.md")
    #expect(message("name: [1").hasPrefix("x.yaml:"))
    #expect(
      message("name: x\nfamily: integer\nbitWidth: 4") == "x.yaml: the key 'source' is missing"
    )
  }

  @Test(
    "a key by another name suggests the one that is meant",
    arguments: [
      ("exponentBits", "exponentBitCount"), ("exponent_bits", "exponentBitCount"),
      ("mantissaBits", "significandBitCount"), ("bias", "exponentBias"),
      ("SpecialValues", "specialValues"), ("exponentBitCoutn", "exponentBitCount"),
    ]
  )
  func keySynonyms(found: String, meant: String) {
    let text = message(head + "family: binaryFloat\n\(found): 4")
    #expect(text.hasPrefix("x.yaml:4: unknown key '\(found)'; did you mean '\(meant)'?"), "\(text)")
  }

  @Test("a key that means nothing suggests nothing")
  func meaninglessKey() {
    #expect(message(head + "family: binaryFloat\ncolour: 4").contains("unknown key 'colour'; allowed here"))
  }

  @Test("every definition that ships has a source")
  func catalogue() throws {
    let catalog = try FormatCatalog()
    for format in catalog.formats {
      #expect(!format.info.source.isEmpty, "\(format.name)")
    }
    #expect(catalog.formats.count >= 46)
  }

  @Test(
    "lists that are no format, and parameters out of range",
    arguments: [
      ("family: codebook\nbitWidth: 2\nvalues: [1, 2, 3, 4, 5]", "allowed: 3 to 16 for 5 values"),
      ("family: codebook\nvalues: [.nan, .nan, .inf]", "has 0 finite values; at least 2 are needed"),
      ("family: codebook\nvalues: [3, 1, 3]", "gives the value 3.0 to more than one code: 0x0, 0x2"),
      ("family: posit\nbitWidth: 8\nexponentBitCount: 5", "'exponentBitCount' is 5; allowed: 0 to 4"),
      ("family: posit\nbitWidth: 33", "'bitWidth' is 33; allowed: 3 to 32"),
      ("family: takum\nbitWidth: 5", "'bitWidth' is 5; allowed: 6 to 32"),
      (
        "family: binaryFloat\nsigned: false\nexponentBitCount: 4\nsignificandBitCount: 3\nspecialValues: unsignedZero",
        "'specialValues' is unsignedZero"
      ),
    ]
  )
  func noFormat(definition: String, expected: String) {
    #expect(message("name: x\nsource: a test\n" + definition).contains(expected))
  }

  @Test("values need not be in order: codes are what they are")
  func unordered() throws {
    let format = try FormatDefinitionReader.read(
      yaml: "name: x\nsource: a test\nfamily: codebook\nvalues: [2, -1, 0, 1]",
      file: "x.yaml"
    )
    #expect(try FormatCodec(format).encode(Float(0.9)) == 3)
  }

  @Test("names give the parameters of a family")
  func parametricNames() throws {
    let catalog = try FormatCatalog()
    #expect(try catalog.format(named: "q2.5").bitWidth == 8)
    #expect(try catalog.format(named: "uq0.8").bitWidth == 8)
    #expect(try catalog.format(named: "lns5.2").bitWidth == 8)
    #expect(try catalog.format(named: "e5m10").bitWidth == 16)
    #expect(throws: (any Error).self) { try catalog.format(named: "q30.30") }
    #expect(throws: (any Error).self) { try catalog.format(named: "e0m3") }
  }

  @Test("an unknown name suggests the nearest")
  func unknownName() throws {
    let catalog = try FormatCatalog()
    do {
      _ = try catalog.format(named: "float8_e4m3f")
      Issue.record("no error")
    } catch {
      #expect("\(error)".hasPrefix("no format 'float8_e4m3f'; did you mean 'float8_e4m3fn'?"))
    }
  }
}
