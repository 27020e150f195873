import Foundation
import Testing

/// Names of other tools on the command line: results show the name of the catalogue.
@Suite struct AliasCommandTests {
  @Test("evaluate, verify and show name the format itself")
  func canonical() throws {
    let run = CommandRun(
      "evaluate",
      "--weights",
      "bf16",
      "--activations",
      "fp8_e5m2",
      "--limit",
      "4",
      "--json"
    )
    #expect(run.status == 0, "\(run.errors)")
    let result = try JSONValue(run.output)
    #expect(result["weights"]?.string?.hasPrefix("bfloat16") == true)
    #expect(result["activations"]?.string?.hasPrefix("float8_e5m2:") == true)
    let proof = CommandRun("verify", "fp4", "mxfp4")
    #expect(proof.output.contains("\nfloat4_e2m1fn ") && proof.output.contains("\nmxfp4_e2m1 "))
    let page = CommandRun("formats", "show", "half")
    #expect(page.output.hasPrefix("float16\n  also called          fp16, f16, half, binary16\n"))
  }

  @Test("formats list shows aliases, and the names that it refuses")
  func list() throws {
    let text = CommandRun("formats", "list").output
    #expect(text.contains("bf16, brainfloat16") && text.contains("refused; say float8_e4m3fn or float8_e5m2"))
    let formats = try #require(JSONValue(CommandRun("formats", "list", "--json").output)["formats"]?.array)
    let half = try #require(formats.first { $0["name"] == .string("float16") })
    #expect(half["aliases"]?.array?.contains(.string("half")) == true)
  }

  @Test("a name that means two formats is bad usage in every command, and both are named")
  func ambiguous() {
    for arguments in [
      ["formats", "show", "e4m3"], ["compare", "--formats", "int8,e4m3", "--limit", "1"],
      ["encode", "--format", "e4m3", "--input", "x", "--output", "y"],
    ] {
      let run = CommandRun(arguments)
      #expect(run.status == 2 && run.output.isEmpty, "\(arguments)")
      #expect(
        run.errors.contains(
          "'float8_e4m3fn' (greatest 448, no infinities) or 'float8_e4m3' (greatest 240, infinities)"
        ),
        "\(run.errors)"
      )
    }
  }

  @Test("cost suggests the architecture that is meant")
  func architecture() {
    let run = CommandRun("cost", "resnet20")
    #expect(run.status == 2)
    #expect(run.errors.contains("no architecture 'resnet20'; did you mean 'resnet20-cifar'?"))
  }
}
