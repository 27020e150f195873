import Foundation
import Testing

@Suite struct PackedCommandTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  @Test(
    "encode --packed and decode --packed give back what unpacked codes do",
    arguments: ["int4", "float6_e2m3fn", "int8", "int3"]
  )
  func roundTrip(format: String) throws {
    // More than one piece, and no multiple of 8.
    let count = 300_003
    let input = try scratch.write("x.f32", floats: (0..<count).map { Float($0 % 97) / 8 - 6 })
    func run(_ arguments: String...) { #expect(CommandRun(arguments).status == 0, "\(arguments)") }
    run("encode", "--format", format, "--input", input, "--output", scratch.path("y.bin"))
    run("encode", "--format", format, "--packed", "--input", input, "--output", scratch.path("p.bin"))
    run("decode", "--format", format, "--input", scratch.path("y.bin"), "--output", scratch.path("a.f32"))
    run(
      "decode",
      "--format",
      format,
      "--packed",
      "--count",
      "\(count)",
      "--input",
      scratch.path("p.bin"),
      "--output",
      scratch.path("b.f32")
    )
    #expect(try scratch.floats("a.f32") == scratch.floats("b.f32"))
    let width = try #require(["int3": 3, "int4": 4, "float6_e2m3fn": 6, "int8": 8][format])
    let size = try Data(contentsOf: URL(filePath: scratch.path("p.bin"))).count
    #expect(size == (count * width + 7) / 8)
    let stochastic = ["--rounding", "stochastic", "--seed", "7", "--format", format, "--input", input]
    #expect(CommandRun(["encode", "--packed", "--output", scratch.path("s.bin")] + stochastic).status == 0)
    #expect(try Data(contentsOf: URL(filePath: scratch.path("s.bin"))).count == size)
  }

  @Test("packed input that cannot be right is refused with what, where and what to do")
  func hostile() throws {
    let codes = try scratch.write("p.bin", Data([0x21, 0xFF, 0xFF]))
    func decode(_ more: String..., format: String = "int4") -> CommandRun {
      CommandRun(
        ["decode", "--format", format, "--packed", "--input", codes, "--output", scratch.path("x.f32")] + more
      )
    }
    #expect(decode().status == 0)
    #expect(try scratch.floats("x.f32") == [1, 2, -1, -1, -1, -1])
    try FileManager.default.removeItem(atPath: scratch.path("x.f32"))
    let short = decode("--count", "7")
    #expect(short.status == 2)
    #expect(short.errors.contains("p.bin: 3 bytes, and 7 codes of 4 bits take 4; give the --count"))
    #expect(decode("--count", "5").errors.contains("bits are set after the last of 5 codes of 4 bits"))
    #expect(decode("--count", "-1").status == 2)
    #expect(
      decode("--count", "9223372036854775807").errors.contains("3 bytes, and 9223372036854775807 codes")
    )
    #expect(decode(format: "float16").errors.contains("codes of up to 8 bits; those of 'float16' have 16"))
    let unpacked = CommandRun(
      "decode",
      "--format",
      "int4",
      "--count",
      "3",
      "--input",
      codes,
      "--output",
      "x.f32"
    )
    #expect(unpacked.errors.contains("--count needs --packed"))
    let floats = try scratch.write("x.f32", floats: [1, 2])
    for (format, output, message) in [
      ("float16", "y.bin", "--packed is for codes of up to 8 bits"),
      ("int4", "y.npy", "which .npy has no type for"),
    ] {
      let run = CommandRun(
        "encode",
        "--packed",
        "--format",
        format,
        "--input",
        floats,
        "--output",
        scratch.path(output)
      )
      #expect(run.status == 2)
      #expect(run.errors.contains(message))
    }
    #expect(try scratch.files == ["p.bin", "x.f32"])
  }
}
