import BinadeCommands
import Foundation
import Synchronization
import Testing

/// `binade bench`: what it prints, not how fast the machine is.
@Suite struct BenchCommandTests {
  /// Samples as short as they can be.
  private static let quick = ["--samples", "2", "--seconds", "0"]

  private func rows(_ arguments: String...) throws -> [[String: Any]] { try rows(arguments) }

  private func rows(_ arguments: [String]) throws -> [[String: Any]] {
    let run = CommandRun(["bench"] + arguments + Self.quick + ["--json"])
    #expect(run.status == 0, "\(run.errors)")
    let report = try #require(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    #expect(try #require(report["peakMultiplyAccumulatesPerSecond"] as? Double) > 0)
    #expect(report["threads"] is Int)
    #expect(report["cpuFeatures"] is [String])
    #expect(report["peakInstructionSet"] is String)
    return try #require(report["rows"] as? [[String: Any]])
  }

  @Test("every subcommand has help with an example", arguments: ["gemm", "conv", "codec", "network"])
  func help(name: String) {
    let run = CommandRun("bench", name, "--help")
    #expect(run.status == 0)
    #expect(run.output.contains("EXAMPLES\n  binade bench \(name)"))
  }

  @Test("gemm: a row per size and format, with its rate, its share of the peak and its float32 twin")
  func products() throws {
    let rows = try rows("gemm", "--size", "8", "--shape", "3x5x7", "--format", "float32", "--format", "int8")
    #expect(rows.compactMap { $0["name"] as? String } == ["8x8x8", "8x8x8", "3x5x7", "3x5x7"])
    #expect(
      rows.compactMap { $0["datapath"] as? String } == ["float32", "integer8", "float32", "integer8"]
    )
    let last = try #require(rows.last)
    #expect(last["workCount"] as? Int == 105)
    #expect(last["unit"] as? String == "multiplyAccumulates")
    #expect((last["samples"] as? [Double])?.count == 2)
    #expect(try #require(last["unitsPerSecond"] as? Double) > 0)
    #expect(try #require(last["shareOfPeak"] as? Double) > 0)
    let ratio = try #require(last["speedAgainstFloat32"] as? [String: Double])
    #expect(Set(ratio.keys) == ["median", "least", "greatest"])
    #expect(rows[0]["speedAgainstFloat32"] == nil)
  }

  @Test("network: an architecture with drawn weights, and what goes with it")
  func randomWeights() throws {
    let rows = try rows("network", "--random-weights", "resnet8-cifar", "--batch", "3")
    #expect(rows.compactMap { $0["name"] as? String } == ["resnet8-cifar, batch 3"])
    #expect(rows[0]["workCount"] as? Int == 3)
    let cases = [
      (["--batch", "2"], "--batch needs --random-weights"),
      (["--random-weights", "resnet8-cifar", "--batch", "0"], "--batch must be 1 to 65536, found 0"),
      (["--random-weights", "resnet8-cifar", "--weights", "int8"], "only --batch goes with it"),
      (["--random-weights", "resnet51"], "did you mean 'resnet50'?"),
    ]
    for (options, message) in cases {
      let run = CommandRun(["bench", "network"] + options + Self.quick)
      #expect(run.status == 2)
      #expect(run.errors.contains(message), "\(run.errors)")
    }
  }

  @Test("gemm: two formats, and more threads than columns")
  func mixed() throws {
    let rows = try rows(
      "gemm",
      "--size",
      "3",
      "--weights",
      "int4",
      "--activations",
      "float8_e5m2",
      "--threads",
      "7"
    )
    #expect(rows.count == 1)
    #expect(rows[0]["format"] as? String == "int4/float8_e5m2")
    #expect(rows[0]["datapath"] as? String == "float32")
  }

  @Test("gemm: a row for each accumulator")
  func accumulators() throws {
    let found = try rows(
      "gemm",
      "--size",
      "5",
      "--format",
      "float8_e4m3fn",
      "--format",
      "lns4.3",
      "--accumulator",
      "bfloat16,exact"
    )
    #expect(
      found.compactMap { $0["format"] as? String }
        == ["float8_e4m3fn in bfloat16", "float8_e4m3fn, exact", "lns4.3 in bfloat16", "lns4.3, exact"]
    )
    #expect(found[1]["datapath"] as? String == "exact")
    #expect(found.allSatisfy { $0["speedAgainstFloat32"] != nil && $0["shareOfPeak"] != nil })
    let powers = try rows(
      "gemm",
      "--shape",
      "3x5x7",
      "--weights",
      "lns4.3",
      "--activations",
      "pot4",
      "--accumulator",
      "logarithmic"
    )
    #expect(powers[0]["datapath"] as? String == "logarithmic")
    #expect(powers[0]["workCount"] as? Int == 105)
    let floats = try rows("gemm", "--size", "4", "--accumulator", "bfloat16")
    #expect(floats[0]["format"] as? String == "float32 in bfloat16")
  }

  @Test("conv: sizes of one's own; the work counts every image")
  func convolutions() throws {
    let rows = try rows("conv", "--shape", "2x5x6x3x3", "--shape", "1x9x9x2x3x2x0", "--batch", "2")
    #expect(rows.compactMap { $0["workCount"] as? Int } == [2 * 3 * 30 * 18, 2 * 2 * 16 * 9])
    #expect(rows[1]["name"] as? String == "1ch 9x9 to 2ch, 3x3 stride 2, batch 2")
    #expect(try self.rows("conv", "--shape", "2x4x4x2x1", "--batch", "3", "--threads", "2").count == 1)
  }

  @Test("conv: codes of one and of two bytes take the path of layers; wider formats are float32")
  func convolutionFormats() throws {
    let cases = [
      ("int4", "integer4"), ("int8", "integer8"), ("int12", "integer16"), ("posit8", "float32"),
      ("bfloat16", "bfloat16"), ("tf32", "float32"),
    ]
    for threads in ["1", "3"] {
      let rows = try rows(
        ["conv", "--shape", "4x5x5x4x3", "--batch", "7", "--threads", threads]
          + cases.flatMap { ["--format", $0.0] }
      )
      #expect(rows.compactMap { $0["format"] as? String } == cases.map(\.0))
      #expect(rows.compactMap { $0["datapath"] as? String } == cases.map(\.1))
    }
  }

  @Test("conv --groups: the work is that of the groups, and depthwise convolutions take their kernel")
  func groups() throws {
    let shape = ["conv", "--shape", "8x5x5x8x3", "--batch", "2", "--format", "float32", "--format", "int8"]
    let grouped = try rows(shape + ["--groups", "4"])
    #expect(grouped.compactMap { $0["workCount"] as? Int } == Array(repeating: 2 * 8 * 25 * 2 * 9, count: 2))
    #expect(grouped[1]["name"] as? String == "8ch 5x5 to 8ch, 3x3, 4 groups, batch 2")
    let depthwise = try rows(shape + ["--groups", "8"])
    #expect(depthwise[0]["name"] as? String == "8ch 5x5 to 8ch, 3x3, depthwise, batch 2")
    let kernels = depthwise.compactMap { $0["kernel"] as? String }
    #expect(kernels.count == 2 && kernels.allSatisfy { $0.contains("depthwise") }, "\(kernels)")
    #expect(grouped.allSatisfy { ($0["kernel"] as? String)?.contains("depthwise") == false })
  }

  @Test("codec: three operations on codes of one, two and four bytes")
  func conversions() throws {
    let rows = try rows(
      "codec",
      "--count",
      "100",
      "--format",
      "posit8",
      "--format",
      "float16",
      "--format",
      "tf32",
      "--format",
      "takum32"
    )
    #expect(rows.count == 12)
    #expect(rows.allSatisfy { $0["workCount"] as? Int == 100 && $0["speedAgainstFloat32"] != nil })
    #expect(rows[0]["name"] as? String == "encode 100")
    #expect(rows[0]["shareOfPeak"] == nil)
  }

  @Test("network: images per second, and how many were right")
  func network() throws {
    let rows = try rows(
      "network",
      "--limit",
      "4",
      "--calibration-images",
      "2",
      "--weights",
      "int8",
      "--activations",
      "int8"
    )
    #expect(rows[0]["unit"] as? String == "images")
    #expect(rows[0]["workCount"] as? Int == 4)
    #expect(rows[0]["datapath"] as? String == "integer8")
    #expect((rows[0]["facts"] as? [String: Int])?["top1Count"] == 4)
  }

  @Test("the table names the peak, the kernel and the ratio")
  func table() {
    let run = CommandRun(["bench", "gemm", "--size", "4", "--format", "int4"] + Self.quick)
    #expect(run.status == 0, "\(run.errors)")
    for word in ["Peak", "1 thread.", "GMAC/s", "int4", "integer4", "of peak", "x float32"] {
      #expect(run.output.contains(word), "\(word)")
    }
  }

  @Test("a worker describes itself and answers each line with seconds")
  func worker() throws {
    let lines = Mutex(["", "", ""])
    let output = Mutex<[String]>([])
    let status = BinadeCommand.execute(
      ["bench", "gemm", "--size", "4", "--worker", "--seconds", "0"],
      console: Console(
        input: { lines.withLock { $0.popLast() } },
        output: { text in output.withLock { $0.append(text) } },
        errors: { Issue.record("\($0)") }
      )
    )
    #expect(status == 0)
    let answers = output.withLock { $0 }
    #expect(answers.count == 4)
    let first = try #require(
      JSONSerialization.jsonObject(with: Data(answers[0].utf8)) as? [String: Any]
    )
    #expect(first["workCount"] as? Int == 64)
    #expect(answers.dropFirst().allSatisfy { (Double($0) ?? -1) > 0 })
  }

  @Test("sizes and options that are none: one sentence each")
  func badInput() {
    let cases: [(arguments: [String], message: String)] = [
      (["gemm", "--size", "0"], "--size must be at least 1, found 0"),
      (["gemm", "--size", "-4"], "--size must be at least 1, found -4"),
      (["gemm", "--shape", "3x0x2"], "--shape '3x0x2': depth must be at least 1, found 0"),
      (["gemm", "--shape", "3x2"], "--shape '3x2' has 2 numbers; expected rowsxdepthxcolumns"),
      (["gemm", "--shape", "3xtwox1"], "'two' is no whole number"),
      (
        ["gemm", "--size", "\(Int.max)"],
        "--size '\(Int.max)' is too large: its tensors must fit an eighth of"
      ),
      (["gemm", "--shape", "4294967296x1x4294967296"], "is too large"),
      (["gemm", "--weights", "int4"], "--weights and --activations belong together"),
      (
        ["gemm", "--format", "int4", "--weights", "int4", "--activations", "int4"],
        "--format names both operands"
      ),
      (["gemm", "--format", "bfloat17"], "no format 'bfloat17'; did you mean 'bfloat16'?"),
      (["gemm", "--accumulator", ","], "--accumulator needs at least one name"),
      (
        ["gemm", "--accumulator", "bfloat61"],
        "--accumulator: no accumulator 'bfloat61'; did you mean 'bfloat16'?"
      ),
      (
        ["gemm", "--accumulator", "exakt"], "no accumulator 'exakt'; did you mean 'exact'?"
      ),
      (["gemm", "--accumulator", "lns4.3"], "'values' is irrational"),
      (
        ["gemm", "--accumulator", "exact"],
        "--accumulator exact sums products of codes: give other formats than float32, found 'float32'"
      ),
      (
        ["gemm", "--format", "int8", "--accumulator", "logarithmic"],
        "allowed: powers of two and of their roots"
      ),
      (["gemm", "--samples", "0"], "--samples must be 1 to 100000, found 0"),
      (["gemm", "--seconds", "nan"], "--seconds must be 0 to 3600, found nan"),
      (["gemm", "--threads", "0"], "--threads must be 1 to 1024, found 0"),
      (["gemm", "--worker"], "--worker serves one row; these options name 2"),
      (["gemm", "--size", "2", "--worker", "--json"], "--json and --worker are two ways to answer"),
      (["conv", "--batch", "0"], "--batch must be 1 to 65536, found 0"),
      (["conv", "--groups", "0"], "--groups must be at least 1, found 0"),
      (
        ["conv", "--shape", "6x3x3x9x1", "--groups", "2"],
        "--groups 2 must divide the 6 channels and the 9 outputs of --shape '6x3x3x9x1'"
      ),
      (["conv", "--shape", "1x2x2x1x9x1x0"], "a kernel of 9 does not fit 2x2 with padding 0"),
      (["conv", "--shape", "1x\(Int.max)x3x1x1"], "is too large"),
      (["conv", "--shape", "4096x4096x4096x1x1"], "is too large"),
      (["conv", "--shape", "1x2x2x1x3x1x-1"], "padding must be at least 0, found '-1'"),
      (["conv", "--shape", "1x2x2x1"], "--shape '1x2x2x1' has 4 numbers; expected channels"),
      (["conv", "--shape", "1x2x2x1x3x0"], "stride must be at least 1, found 0"),
      (["codec", "--count", "0"], "--count must be 1 to"),
      (["codec", "--operation", "enkode"], "enkode"),
      (["network", "--limit", "0"], "--limit must be at least 1, found 0"),
    ]
    for (arguments, message) in cases {
      let run = CommandRun(["bench"] + arguments)
      #expect(run.status == 2, "\(arguments): \(run.output)")
      #expect(run.output.isEmpty)
      #expect(run.errors.contains(message), "\(arguments): \(run.errors)")
    }
  }
}
