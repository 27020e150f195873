import BinadeFormats
import BinadeNumerics
import Foundation
import Testing

/// Definition files that were made to do harm, or that are nonsense in good YAML.
@Suite struct HostileDefinitionTests {
  private func message(_ yaml: String) -> String {
    do {
      _ = try FormatDefinitionReader.read(yaml: yaml, file: "x.yaml")
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  private let head = "name: x\nsource: a test\nfamily: codebook\n"

  @Test("anchors, aliases and keys behind '?' are refused before they can act")
  func aliases() {
    #expect(
      message(head + "values: &a [1, 2]")
        == "x.yaml:4: not valid YAML: an anchor ('&...') is not understood here"
    )
    #expect(
      message(head + "values: *a") == "x.yaml:4: not valid YAML: an alias ('*...') is not understood here"
    )
    #expect(message(head + "values: [1, *a]").contains("an alias"))
    #expect(message(head + "? a\n: 1").contains("x.yaml"))
    // Each line doubles the one before, and the last is hashed as a key.
    let laughs =
      "a0: &a0 [1, 1]\n" + (1..<64).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
      + "*a63 : 1\n"
    let clock = ContinuousClock()
    let elapsed = clock.measure { #expect(message(laughs).contains("is not understood here")) }
    #expect(elapsed < .seconds(2))
  }

  @Test("the same characters within text are text")
  func ampersand() throws {
    let format = try FormatDefinitionReader.read(
      yaml:
        "name: x\nfamily: codebook\nvalues: [0, 1]\nsource: Smith & Jones, *What*? Why &c.\nnote: '*x &y ?z'",
      file: "x.yaml"
    )
    #expect(format.info.source == "Smith & Jones, *What*? Why &c.")
  }

  @Test(
    "numbers are decimal or hexadecimal, and finite unless they say so",
    arguments: [
      "1:30", "1e400", "-1e400", "1e-400", "0x1p5000", "0x1p-5000", "1_000", "0b11", "0o17", "010", "1e",
      "0x",
      "", "+", ".", "inf", "nan", "١", "1.5.2", "0x1.8p0x2", String(repeating: "1", count: 401),
    ]
  )
  func notNumbers(text: String) {
    let found = message(head + "values: [0, '\(text)']")
    #expect(found.hasPrefix("x.yaml:4: 'values' must be a list of numbers, decimal"), "\(text): \(found)")
    #expect(
      message("name: x\nsource: a test\nfamily: integer\nbitWidth: '\(text)'").contains("must be an integer")
    )
  }

  @Test("numbers that are")
  func numbers() throws {
    let format = try FormatDefinitionReader.read(
      yaml: head + "values: [0, -1.5, +2, 1e-3, 0x1F, -0x1.8p-3, .5, 4., .inf, -.inf, .nan, 1E+2]",
      file: "x.yaml"
    )
    #expect(
      (0..<8).map { format.decode($0) } == [0, -1.5, 2, 0.001, 31, -0.1875, 0.5, 4]
    )
    #expect(format.decode(8) == .infinity && format.decode(9) == -.infinity && format.decode(10).isNaN)
    #expect(format.decode(11) == 100)
    #expect(message("name: x\nsource: a test\nfamily: integer\nbitWidth: 0x8") == "no error")
    #expect(
      message("name: x\nsource: a test\nfamily: integer\nbitWidth: -9223372036854775808").contains(
        "allowed: 1 to 16"
      )
    )
    #expect(
      message("name: x\nsource: a test\nfamily: integer\nbitWidth: 18446744073709551616").contains(
        "an integer"
      )
    )
  }

  @Test(
    "names are plain words",
    arguments: [
      "X", "a b", "a\u{336}", "é", "1a", ".a", "_a", "a.yaml", "a-b", "\"a\\eb\"", "\"a\\nb\"",
      String(repeating: "a", count: 65), "''", "[a]",
    ]
  )
  func names(name: String) {
    let text = message("name: \(name)\nsource: a test\nfamily: integer\nbitWidth: 4")
    #expect(text.hasPrefix("x.yaml:1: 'name' must be "), "\(text)")
    #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 })
  }

  @Test("sources are one line that prints as it is")
  func sources() throws {
    func source(_ text: String) -> String {
      message("name: x\nfamily: integer\nbitWidth: 4\nsource: \(text)")
    }
    #expect(
      source("\"a\\e[31mb\"")
        == "x.yaml:4: 'source' must be text on one line that prints as it is, without the character \\u001b, "
        + "found \"a\\u001b[31mb\""
    )
    #expect(source("\"a\\nb\"").contains("without the character \\u000a"))
    #expect(source("|\n  a\n  b").contains("without the character \\u000a"))
    #expect(source("\"\\u202Eabc\"").contains("without the character \\u202e"))
    #expect(source("\"\\u2028\"").contains("without the character"))
    #expect(source("a\u{301}\u{301}\u{301}").contains("without the combining mark \\u0301"))
    #expect(source(String(repeating: "a", count: 1025)).contains("must be text of at most 1024 bytes"))
    #expect(source("Gödel, Möbius, e\u{301}cole, 数値, 2³²") == "no error")
  }

  @Test("messages and waiting stay short however long the file is")
  func long() {
    let long = String(repeating: "a", count: 1_500_000)
    let clock = ContinuousClock()
    for yaml in [
      "name: x\nsource: a test\nfamily: \(long)", "name: \(long)\nsource: a test\nfamily: integer",
      "name: x\nsource: a test\n\(long.prefix(1000)): 1\nfamily: integer",
      "name: x\nsource: a test\nfamily: integer\nbitWidth: \(long)",
      "name: x\nsource: a test\nfamily: block\nelement: \(long)", head + "values: [1, \(long)]",
    ] {
      let elapsed = clock.measure {
        let text = message(yaml)
        #expect(text.hasPrefix("x.yaml") && text.utf8.count < 800, "\(text.prefix(1000))")
      }
      #expect(elapsed < .seconds(3))
    }
  }

  @Test("a key that stands there twice is named")
  func twice() {
    #expect(message(head + "family: integer").contains("the key 'family' stands there twice"))
  }

  @Test("suggestions look at slips only")
  func suggestions() {
    let long = String(repeating: "int4", count: 1_000_000)
    let elapsed = ContinuousClock().measure {
      #expect(NameSuggestion.nearest(to: long, among: ["int4", long]) == nil)
    }
    #expect(elapsed < .milliseconds(100))
    #expect(NameSuggestion.nearest(to: "int5", among: ["int4", "float32"]) == "int4")
    #expect(NameSuggestion.nearest(to: "xyz", among: ["float8_e4m3fn"]) == nil)
  }
}
