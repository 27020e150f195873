import Binade
import BinadeCommands
import Foundation
import Synchronization
import Testing

/// Runs commands in this process and keeps what they print.
struct CommandRun {
  let status: Int32
  let output: String
  let errors: String

  init(_ arguments: String...) {
    self.init(arguments)
  }

  init(
    _ arguments: [String],
    providers: [any FormatProvider.Type] = [],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    final class Sink: Sendable {
      let text = Mutex("")
      func add(_ line: String) { text.withLock { $0 += line + "\n" } }
    }
    let (out, err) = (Sink(), Sink())
    status = BinadeCommand.execute(
      arguments,
      providers: providers,
      console: Console(output: { out.add($0) }, errors: { err.add($0) }),
      environment: environment,
      program: InstructionSetLimitTests.program?.path
    )
    output = out.text.withLock { $0 }
    errors = err.text.withLock { $0 }
  }
}

/// A folder that goes away with the test.
final class ScratchFolder {
  let url = FileManager.default.temporaryDirectory.appending(path: "binade-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }

  func write(_ name: String, _ data: Data) throws -> String {
    try data.write(to: url.appending(path: name))
    return path(name)
  }

  func write(_ name: String, floats: [Float]) throws -> String {
    try write(name, floats.withUnsafeBytes { Data($0) })
  }

  func floats(_ name: String) throws -> [Float] {
    try Data(contentsOf: url.appending(path: name)).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  var files: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
  }
}

@Suite struct CommandTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  @Test("compare prints the table and writes results and plots")
  func compare() throws {
    let folder = scratch.path("out")
    let run = CommandRun(
      "compare",
      "--formats",
      "int4,float8_e4m3fn,lns3.2/int8",
      "--limit",
      "60",
      "--calibration-images",
      "16",
      "--output",
      folder
    )
    #expect(run.status == 0, "\(run.errors)")
    for word in [
      "int4", "float8_e4m3fn", "lns3.2 / int8", "float32", "cost / bf16", "KL mean", "agree %", "change CE",
      "seed 0", "is the cheapest format whose loss against float32 is not significant",
    ] {
      #expect(run.output.contains(word))
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(
      files == [
        "divergence.gp", "divergence.png", "divergence.svg", "divergence.tsv", "pareto.gp", "pareto.png",
        "pareto.svg", "pareto.tsv", "results.csv", "results.json",
      ]
    )
    let rows = try String(contentsOfFile: folder + "/results.csv", encoding: .utf8)
      .split(separator: "\n")
    #expect(rows.count == 5)
    let columns = rows.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }
    #expect(Set(columns) == [columns[0]])
    let json = try JSONValue(String(contentsOfFile: folder + "/results.json", encoding: .utf8))
    let outputs = (json["results"]?.array ?? []).compactMap { $0["outputs"] }
    #expect(outputs.count == 4 && outputs.allSatisfy { $0["meanDivergenceInterval"] != nil })
    #expect(rows[0].contains("meanDivergence,meanDivergenceLower,meanDivergenceUpper"))
    #expect(
      try Data(contentsOf: URL(filePath: folder + "/pareto.png")).starts(with: [0x89, 0x50, 0x4E, 0x47])
    )
  }

  @Test(
    "a configuration that is named twice runs once, and that is said; another seed moves the intervals only"
  )
  func duplicates() throws {
    let options = ["--limit", "40", "--calibration-images", "8"]
    let run = CommandRun(
      ["compare", "--formats", "int4,int8,int4:channel:mse/int4:tensor:mse,int8,int4:channel:max"] + options
    )
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      run.errors.contains("note: 'int4:channel:mse/int4:tensor:mse' is the same as 'int4'; it is run once")
    )
    #expect(run.errors.contains("note: 'int8' is named twice; it is run once"))
    let recipes = CommandRun(
      ["compare", "--formats", "int4", "--ends", "int8", "--ptq", "naive,best,mse+alloc+descent,naive"]
        + options
    )
    #expect(
      recipes.errors.contains("note: 'int4, mse+alloc+descent' is the same as 'int4, best'; it is run once")
    )
    #expect(recipes.errors.contains("note: 'int4, naive' is named twice; it is run once"))
    let table = run.output.components(separatedBy: "\n\n")[1].split(separator: "\n").dropFirst(2)
    #expect(table.count == 4, "\(run.output)")
    let seeded = CommandRun(
      ["compare", "--formats", "int4,int8,int4:channel:max", "--bootstrap-seed", "5"] + options
    )
    let (one, other) = (
      run.output.components(separatedBy: "\n\n"), seeded.output.components(separatedBy: "\n\n")
    )
    #expect(one[1] == other[1] && one[3] != other[3])
  }

  @Test("the default set has 24 formats or more, from 2 to 16 bits and every family")
  func defaultSet() throws {
    let run = CommandRun("compare", "--limit", "1", "--calibration-images", "1", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let rows = try #require(JSONValue(run.output)["results"]?.array)
    #expect(rows.count >= 25)
    let widths = Set(rows.compactMap { $0["weightBitWidth"]?.number })
    #expect(widths.isSuperset(of: [2, 3, 4, 5, 6, 7, 8, 16, 32]))
    let names = rows.compactMap { $0["weights"]?.string?.split(separator: ":").first }
    for prefix in ["int", "q", "float", "bfloat", "lns", "pot", "posit", "nf4"] {
      #expect(names.contains { $0.hasPrefix(prefix) }, "\(prefix)")
    }
  }

  @Test("evaluate gives accuracies as fractions, cost and layers as JSON")
  func evaluate() throws {
    let run = CommandRun(
      "evaluate",
      "--weights",
      "int4:channel:max",
      "--activations",
      "int8:tensor:percentile",
      "--ends",
      "int8",
      "--limit",
      "40",
      "--json"
    )
    #expect(run.status == 0, "\(run.errors)")
    let result = try #require(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    let accuracy = try #require(result["top1Accuracy"] as? Double)
    #expect((0.8...1).contains(accuracy))
    #expect(result["top5Accuracy"] is Double)
    #expect((result["layers"] as? [Any])?.count == 8)
    #expect(result["imageCount"] as? Int == 40)
    let text = CommandRun(
      "evaluate",
      "--limit",
      "20",
      "--weights",
      "int8",
      "--activations",
      "int8",
      "--explain"
    )
    #expect(text.output.contains("integer8"))
  }

  @Test("a format from a YAML file alone works in every command")
  func formatFile() throws {
    let yaml = try scratch.write(
      "minifloat.yaml",
      Data(
        """
        name: minifloat
        family: binaryFloat
        exponentBitCount: 3
        significandBitCount: 2
        specialValues: finite
        source: "a test"
        """.utf8
      )
    )
    #expect(CommandRun("formats", "show", yaml).output.contains("bits                 6"))
    let list = CommandRun("formats", "list", "--format-folder", scratch.url.path)
    #expect(list.output.contains("minifloat"))
    let verified = CommandRun("verify", yaml)
    #expect(verified.status == 0)
    #expect(verified.output.contains("0 mismatches"))
    let compared = CommandRun("compare", "--formats", "\(yaml),int4", "--limit", "10")
    #expect(compared.status == 0, "\(compared.errors)")
    #expect(compared.output.contains("minifloat"))
    #expect(
      CommandRun("evaluate", "--weights", yaml, "--activations", "\(yaml):tensor:max", "--limit", "10").status
        == 0
    )
    #expect(CommandRun("cost", "resnet20-cifar", "--weights", yaml).output.contains("3892899840"))
    let input = try scratch.write("x.f32", floats: [1.1, -3, 0.25])
    #expect(
      CommandRun("encode", "--format", yaml, "--input", input, "--output", scratch.path("y.bin")).status == 0
    )
    #expect(
      CommandRun(
        "decode",
        "--format",
        yaml,
        "--input",
        scratch.path("y.bin"),
        "--output",
        scratch.path("z.f32")
      )
      .status == 0
    )
    #expect(try scratch.floats("z.f32") == [1, -3, 0.25])
    #expect(
      CommandRun("quantize", "--format", yaml, "--input", input, "--output", scratch.path("q.f32")).status
        == 0
    )
    #expect(try scratch.floats("q.f32") == [1, -3, 0.25])
  }

  @Test("encode and decode: widths of codes, .npy, float64 rounded once")
  func conversion() throws {
    let values: [Float] = [0, -0.0, 1, 464, 465, -1e9, .infinity]
    let input = try scratch.write("x.f32", floats: values)
    func encode(_ format: String, _ more: String..., input file: String? = nil) throws -> [UInt8] {
      let run = CommandRun(
        ["encode", "--format", format, "--input", file ?? input, "--output", scratch.path("y.bin")] + more
      )
      #expect(run.status == 0, "\(run.errors)")
      return [UInt8](try Data(contentsOf: scratch.url.appending(path: "y.bin")))
    }
    #expect(try encode("float8_e4m3fn") == [0, 0x80, 0x38, 0x7E, 0x7F, 0x7F, 0x7F])
    #expect(try encode("float8_e4m3fn", "--overflow", "saturate") == [0, 0x80, 0x38, 0x7E, 0x7E, 0xFE, 0x7E])
    #expect(try encode("bfloat16").count == 14)
    #expect(try encode("tf32").count == 28)
    // 1 + 2^-8 + 2^-40 lies above the tie, but its nearest float32 is the tie.
    let double = try scratch.write("x.f64", [1 + 0x1p-8 + 0x1p-40].withUnsafeBytes { Data($0) })
    #expect(try encode("bfloat16", input: double) == [0x81, 0x3F])

    let npy = scratch.path("y.npy")
    #expect(CommandRun("encode", "--format", "float16", "--input", input, "--output", npy).status == 0)
    #expect(
      CommandRun("decode", "--format", "float16", "--input", npy, "--output", scratch.path("z.f32")).status
        == 0
    )
    #expect(try scratch.floats("z.f32") == [0, -0.0, 1, 464, 465, -.infinity, .infinity])
    let scaled = CommandRun(
      "quantize",
      "--format",
      "int8",
      "--scale",
      "0.5",
      "--overflow",
      "saturate",
      "--input",
      input,
      "--output",
      scratch.path("q.f32")
    )
    #expect(scaled.status == 0)
    #expect(try scratch.floats("q.f32") == [0, 0, 1, 63.5, 63.5, -64, 63.5])
  }

  @Test("empty files are fine")
  func empty() throws {
    let input = try scratch.write("x.f32", Data())
    #expect(
      CommandRun("encode", "--format", "int8", "--input", input, "--output", scratch.path("y")).status == 0
    )
    #expect(try Data(contentsOf: scratch.url.appending(path: "y")).isEmpty)
  }

  @Test("help has an example and exits 0; versions too")
  func help() {
    for command in ["compare", "evaluate", "formats", "verify", "encode", "decode", "quantize", "cost"] {
      let run = CommandRun(command, "--help")
      #expect(run.status == 0)
      #expect(run.output.contains("EXAMPLE"), "\(command)")
      #expect(run.output.contains("binade \(command)"), "\(command)")
    }
    #expect(CommandRun("--version").output == "0.1.0\n")
  }
}
