import BinadeCommands
import Foundation
import Testing

/// BINADE_MAX_ISA, in processes of their own: a process asks the processor once.
@Suite struct InstructionSetLimitTests {
  /// The program, which lies beside the tests where there is no bundle around them.
  static let program: URL? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    #if DEBUG
    let folder = root.appending(path: ".build/debug")
    #else
    let folder = root.appending(path: ".build/release")
    #endif
    let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    return [beside, folder].map { $0.appending(path: "binade") }.first {
      FileManager.default.isExecutableFile(atPath: $0.path)
    }
  }()

  private struct Report: Decodable {
    struct Row: Decodable { let kernel: String }
    let cpuFeatures: [String]
    let peakInstructionSet: String
    let rows: [Row]
  }

  private func report(limit: String?) throws -> Report {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = [
      "bench", "gemm", "--size", "4", "--format", "float32", "--samples", "1", "--seconds", "0", "--json",
    ]
    var environment = ProcessInfo.processInfo.environment
    environment["BINADE_MAX_ISA"] = limit
    process.environment = environment
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try JSONDecoder().decode(Report.self, from: data)
  }

  @Test(
    "the variable limits what kernels are chosen from",
    .enabled(if: program != nil, "binade is not built")
  )
  func limits() throws {
    let unlimited = try report(limit: nil)
    let all = unlimited.cpuFeatures
    #expect(try report(limit: "").cpuFeatures == all)
    #expect(try report(limit: "avx512").cpuFeatures == all)

    let portable = try report(limit: "portable")
    #expect(portable.cpuFeatures == ["baseline"])
    #expect(portable.rows.map(\.kernel) == ["float32 portable"])

    let some = try report(limit: "avx2")
    let allowed = all.filter { ["baseline", "avx2", "fma", "neon"].contains($0) }
    #expect(some.cpuFeatures == allowed)
    let best = ["avx2", "neon"].first(where: allowed.contains) ?? "portable"
    #expect(some.rows.map(\.kernel) == ["float32 \(best)"])
    #expect(some.peakInstructionSet == best)
    if all.contains("avx512") {
      #expect(unlimited.rows.map(\.kernel) == ["float32 avx512"])
    }
  }

  @Test("a value that is none is refused, whatever the command", arguments: ["avx3", "AVX2", " avx2", "sse"])
  func refused(value: String) {
    let run = CommandRun(["formats", "list"], environment: ["BINADE_MAX_ISA": value])
    #expect(run.status == 2)
    #expect(run.output.isEmpty)
    #expect(run.errors == "binade: BINADE_MAX_ISA must be portable, avx2 or avx512, found \"\(value)\"\n")
  }

  @Test("other values and none are taken", arguments: ["", "portable", "avx2", "avx512"])
  func taken(value: String) {
    #expect(CommandRun(["formats", "list"], environment: ["BINADE_MAX_ISA": value]).status == 0)
    #expect(CommandRun(["formats", "list"], environment: [:]).status == 0)
  }
}
