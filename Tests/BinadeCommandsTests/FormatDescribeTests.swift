import Foundation
import Testing

/// `formats describe` and `formats table`.
@Suite struct FormatDescribeTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  @Test("describe prints the page and writes plots with scripts and data")
  func describe() throws {
    let run = CommandRun("formats", "describe", "float8_e4m3fn", "--output", scratch.path("out"))
    #expect(run.status == 0, "\(run.errors)")
    for line in [
      "  greatest magnitude   448.0 (0x1.cp+8)", "  neighbours of 1      0.9375 below, 1.125 above",
      "  precision at 1       4 significant bits, 1.2 decimal digits",
      "  greatest error       5.88235 % = 2^-4.09 at 1.0625, for magnitudes 0.015625 to 448",
      "  integers             all from 0 to 16 are values",
      "  NaN and infinity     2 + 0 of 256 codes (0.781 %)", "7f nan", "values on a line",
    ] {
      #expect(run.output.contains(line), "\(line)")
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: scratch.path("out")).sorted()
    let names = ["error", "values"].flatMap { plot in
      ["gp", "png", "svg", "tsv"].map { "float8_e4m3fn-\(plot).\($0)" }
    }
    #expect(files == names)
    for name in names where name.hasSuffix("g") {
      #expect(run.output.contains(name))
    }
    let picture = try Data(contentsOf: URL(filePath: scratch.path("out/float8_e4m3fn-error.png")))
    #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]))
  }

  @Test("describe as JSON: limits and derived numbers side by side; no plots unless a folder is named")
  func json() throws {
    let run = CommandRun("formats", "describe", "float4_e2m1fn", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let page = try #require(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    #expect(page["greatestFiniteMagnitude"] as? Double == 6)
    #expect(page["leastNormalMagnitude"] as? Double == 1)
    #expect((page["greatestRelativeError"] as? [String: Any])?["value"] as? Double == 0.2)
    #expect(page["significantBitsAtOne"] as? Double == 2)
    #expect((page["codeCounts"] as? [String: Any])?["nonFiniteFraction"] as? Double == 0)
    #expect((page["valuesPerBinade"] as? [Any])?.count == 4)
    #expect((page["values"] as? [Double])?.prefix(8) == [0, 0.5, 1, 1.5, 2, 3, 4, 6])
    let wide = CommandRun("formats", "describe", "float8_e5m2", "--json", "--output", scratch.path("out"))
    #expect(wide.status == 0)
    #expect(wide.output.contains("\"Infinity\"") && wide.output.contains("\"NaN\""))
    #expect(try scratch.files == ["out"])
  }

  @Test("codes of up to 8 bits are shown, of 16 on demand, of more never")
  func codes() {
    func output(_ arguments: String...) -> String {
      let run = CommandRun(["formats", "describe", "--no-plots"] + arguments)
      #expect(run.status == 0, "\(run.errors)")
      return run.output
    }
    #expect(output("int4").contains("\ncodes\n0 0 "))
    #expect(!output("float16").contains("\ncodes\n"))
    #expect(output("float16", "--codes").contains("\ncodes\n0000 0 "))
    #expect(!output("tf32", "--codes").contains("\ncodes\n"))
  }

  @Test("unknown names suggest the nearest; folders that cannot be made are named")
  func errors() throws {
    let unknown = CommandRun("formats", "describe", "float8_e4m3f", "--no-plots")
    #expect(unknown.status == 2)
    #expect(unknown.output.isEmpty)
    #expect(unknown.errors.contains("no format 'float8_e4m3f'; did you mean 'float8_e4m3fn'?"))
    let file = try scratch.write("file", Data())
    let blocked = CommandRun("formats", "describe", "int4", "--output", file + "/below")
    #expect(blocked.status == 2)
    #expect(blocked.output.isEmpty)
    #expect(blocked.errors.contains("file/below: cannot be written"))
  }

  @Test("the table goes to a file or is printed")
  func table() throws {
    let file = scratch.path("REFERENCE.md")
    #expect(CommandRun("formats", "table", "--output", file).output == "written: \(file)\n")
    #expect(CommandRun("formats", "table").output == (try String(contentsOfFile: file, encoding: .utf8)))
    let folder = CommandRun("formats", "table", "--output", scratch.url.path)
    #expect(folder.status == 2)
    #expect(folder.errors.contains("is a folder; name the file to write"))
    #expect(CommandRun("formats", "table", "--output", scratch.path("no/x.md")).status == 2)
    #expect(try scratch.files == ["REFERENCE.md"])
  }
}
