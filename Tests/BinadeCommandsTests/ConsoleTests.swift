import Binade
import BinadeCommands
import Foundation
import Testing

/// A format whose source tries to move the terminal.
private enum RudeFormats: FormatProvider {
  struct Rude: NumericFormat {
    let info = FormatInfo(name: "rude2", bitWidth: 2, source: "a\u{1B}[31mb\nc\rd\u{9B}e\u{202E}f")
    func decode(_ code: UInt32) -> Double { Double(code) }
  }

  static var formats: [any NumericFormat] { [Rude()] }
}

/// What reaches a terminal, and streams that cannot be written.
@Suite struct ConsoleTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  @Test("characters that move a terminal are written as escapes; others stay")
  func visible() {
    #expect("plain é 数 \u{1F600}".visible() == "plain é 数 \u{1F600}")
    #expect(
      "a\u{1B}[0m\n\t\u{7F}\u{85}\u{2028}".visible() == "a\\u001b[0m\\u000a\\u0009\\u007f\\u0085\\u2028"
    )
    #expect("a\nb\tc\rd".visible(keeping: "\n\t") == "a\nb\tc\\u000dd")
    #expect("\u{202E}\u{2066}\u{200F}".visible() == "\\u202e\\u2066\\u200f")
  }

  @Test("sources and names never move the terminal or break a line", arguments: ["list", "show"])
  func sources(command: String) throws {
    let arguments = ["formats", command] + (command == "show" ? ["rude2"] : [])
    let run = CommandRun(arguments, providers: [RudeFormats.self])
    #expect(run.status == 0)
    #expect(run.output.contains("a\\u001b[31mb\\u000ac\\u000dd\\u009be\\u202ef"), "\(run.output)")
    let bad = CommandRun("formats", "show", "no\u{1B}[2J\nbinade: fine")
    #expect(bad.errors.contains("no format 'no\\u001b[2J\\u000abinade: fine'"), "\(bad.errors)")
    #expect(bad.errors.split(separator: "\n").count == 1)
  }

  @Test("a model's file name is one line of a report")
  func models() throws {
    let models = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "models/mnist5k")
    let copy = scratch.path("m\u{1B}[2J\nformat.safetensors")
    try FileManager.default.copyItem(
      at: models.appending(path: "resnet8-mnist5k.safetensors"),
      to: URL(filePath: copy)
    )
    for command in [["compare", "--formats", "int4"], ["evaluate"], ["explain", "--format", "int4"]] {
      let run = CommandRun(command + ["--limit", "1", "--model", copy, "--data", models.path])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("m\\u001b[2J\\u000aformat"), "\(run.output)")
      #expect(!run.output.contains("\u{1B}") && !run.output.contains("\nformat ("))
    }
  }

  @Test(
    "the Python that converts another kind of model is lines that one can copy",
    arguments: ["n.pth", "n\n\"m.pth"]
  )
  func conversion(name: String) throws {
    let path = try scratch.write(name, Data("PK\u{3}\u{4}".utf8) + Data(repeating: 0, count: 100))
    let run = CommandRun("evaluate", "--model", path, "--data", "cifar10", "--weights", "int4")
    #expect(run.status == 2)
    let lines = run.errors.split(separator: "\n")
    #expect(lines.count == 5, "\(run.errors)")
    #expect(lines[1] == "  import torch, safetensors.torch as st")
    let literal = path.replacing("\"", with: "\\\"").replacing("\n", with: "\\U0000000a")
    #expect(lines[2] == "  w = torch.load(\"\(literal)\", map_location=\"cpu\", weights_only=True)")
  }

  @Test("an escape in JSON means what was there")
  func json() throws {
    let run = CommandRun(["formats", "show", "rude2", "--json"], providers: [RudeFormats.self])
    #expect(run.status == 0 && !run.output.contains("\u{9B}"))
    let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    #expect(object?["source"] as? String == RudeFormats.Rude().info.source)
  }

  @Test(
    "streams that cannot be written never trap",
    .enabled(if: InstructionSetLimitTests.program != nil, "binade is not built")
  )
  func streams() throws {
    for (script, status) in [
      ("$B formats show nosuch 2>/dev/full", 2), ("$B formats show nosuch 2>&-", 2),
      ("$B formats show int4 >/dev/full", 2), ("$B formats show int4 >&-", 2),
      ("$B formats show int4 >&- 2>&-", 2), ("$B formats show int4 2>&- <&-", 0),
      ("$B formats show nosuch >&- 2>&- <&-", 2),
      ("$B frobnicate 2>/dev/full", 2), ("$B --help >/dev/full", 2),
      ("$B compare --limit 1 --formats int4 2>&- <&-", 0),
    ] {
      let run = try ProgramRun(script, in: scratch.url)
      #expect(run.status == status && run.signal == nil, "\(script): \(run.status) \(run.errors)")
    }
    // What is opened must not get the number of a closed stream, and messages end in it.
    let input = try scratch.write("x.f32", floats: [1, 2])
    let run = try ProgramRun(
      "$B encode --format int8 --input \(input) --output y 2>&- >&- <&-",
      in: scratch.url
    )
    #expect(run.status == 0)
    #expect(try Data(contentsOf: scratch.url.appending(path: "y")) == Data([1, 2]))
    let full = try ProgramRun("$B formats list > /dev/full", in: scratch.url)
    #expect(full.errors == "binade: the output cannot be written: the disk is full\n")
  }

  @Test("errors of Foundation are sentences")
  func foundation() throws {
    let long = String(repeating: "n", count: 300)
    for arguments in [
      ["encode", "--format", "int4", "--input", long, "--output", scratch.path("y")],
      ["evaluate", "--model", long, "--data", scratch.url.path],
      ["evaluate", "--model", scratch.url.path, "--data", scratch.url.path],
      ["verify", "--certificate", long], ["formats", "show", long + ".yaml"],
      ["formats", "list", "--format-folder", long], ["formats", "table", "--output", long],
      ["describe", "int4"], ["formats", "describe", "int4", "--output", long],
      ["compare", "--formats", "int4", "--limit", "1", "--output", "/proc/none"],
    ] {
      let run = CommandRun(arguments)
      #expect(run.status == 2, "\(arguments)")
      #expect(!run.errors.contains("Domain=") && !run.errors.contains("NSCocoa"), "\(run.errors)")
    }
    #expect(CommandRun("verify", "int4", "--accumulator", "int8", "--vectors", "\(Int.max)").status == 2)
  }

  @Test(
    "an interrupted compare leaves no empty folder, and a refused one neither",
    .enabled(if: InstructionSetLimitTests.program != nil, "binade is not built")
  )
  func folders() throws {
    let refused = CommandRun(
      "compare",
      "--model",
      "none",
      "--data",
      "none",
      "--output",
      scratch.path("a/b")
    )
    #expect(refused.status == 2)
    let run = try ProgramRun("timeout -s INT 1 $B compare --output c/d", in: scratch.url)
    #expect([124, 0].contains(run.status))
    if run.status == 124 { #expect(try scratch.files.isEmpty) }
  }
}
