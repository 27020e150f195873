import Foundation
import Testing

/// `--rounding stochastic` on the command line.
@Suite struct StochasticCommandTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func refusal(_ arguments: [String]) -> String {
    let run = CommandRun(arguments)
    #expect(run.status == 2, "\(arguments): \(run.output)")
    #expect(run.output.isEmpty)
    return run.errors
  }

  @Test("encode and quantize agree, repeat with a seed and change with it; the default seed is 0")
  func conversions() throws {
    let values = (0..<3000).map { Float($0 % 97) * 0.0731 - 3.3 }
    let input = try scratch.write("x.f32", floats: values)
    func convert(_ command: String, _ name: String, _ options: [String]) throws -> Data {
      let run = CommandRun(
        [
          command, "--format", "int4", "--rounding", "stochastic", "--input", input, "--output",
          scratch.path(name),
        ]
          + options
      )
      #expect(run.status == 0, "\(run.errors)")
      return try Data(contentsOf: scratch.url.appending(path: name))
    }
    let codes = try convert("encode", "y.bin", [])
    #expect(try codes == convert("encode", "z.bin", ["--seed", "0", "--random-bits", "16"]))
    #expect(try codes != convert("encode", "z.bin", ["--seed", "1"]))
    #expect(try codes != convert("encode", "z.bin", ["--stochastic-variant", "a", "--random-bits", "1"]))
    _ = try convert("quantize", "q.f32", [])
    let rounded = try scratch.floats("q.f32")
    let decoded = codes.map { Float(Int8(bitPattern: $0 << 4) >> 4) }
    #expect(rounded == decoded)
    #expect(zip(rounded, values).allSatisfy { abs($0 - $1) < 1 })
    let doubles = try scratch.write("x.f64", values.map { Double($0) }.withUnsafeBytes { Data($0) })
    let run = CommandRun(
      "encode",
      "--format",
      "int4",
      "--rounding",
      "stochastic",
      "--input",
      doubles,
      "--output",
      scratch.path("d.bin")
    )
    #expect(run.status == 0, "\(run.errors)")
    #expect(try Data(contentsOf: scratch.url.appending(path: "d.bin")) == codes)
  }

  @Test("verify reports checks, mismatches and the bias, as text and as JSON")
  func verify() throws {
    let run = CommandRun(
      "verify",
      "int4",
      "float4_e2m1fn",
      "--rounding",
      "stochastic",
      "--random-bits",
      "3",
      "--json"
    )
    #expect(run.status == 0, "\(run.errors)")
    let rows = try #require(JSONValue(run.output)["checks"]?.array)
    #expect(rows.count == 12)
    #expect(rows.allSatisfy { $0["mismatchCount"] == .number(0) && $0["randomBits"] == .number(3) })
    #expect(rows[0]["variant"] == .string("a") && rows[0]["meanBias"] == .number(-0.0625))
    let text = CommandRun("verify", "nf4", "--rounding", "stochastic", "--stochastic-variant", "a")
    #expect(text.status == 0 && text.output.contains("-0.001953"))
    #expect(text.output.contains("1 formats,") && text.output.contains("0 mismatches"))
  }

  @Test("bad input says what is wrong")
  func badInput() throws {
    let input = try scratch.write("x.f32", floats: [1, 2])
    func encode(_ options: String...) -> String {
      refusal(["encode", "--format", "int4", "--input", input, "--output", scratch.path("y")] + options)
    }
    for bits in ["0", "33", "-1"] {
      #expect(
        encode("--rounding", "stochastic", "--random-bits=\(bits)")
          .contains("--random-bits must be 1 to 32, found \(bits)")
      )
    }
    #expect(encode("--seed", "1").contains("--seed needs --rounding stochastic"))
    #expect(encode("--random-bits", "4").contains("--random-bits needs --rounding stochastic"))
    #expect(encode("--stochastic-variant", "a").contains("--stochastic-variant needs --rounding stochastic"))
    #expect(
      encode("--rounding", "stochastic", "--stochastic-variant", "d")
        .contains("--stochastic-variant must be a, b or c, found 'd'")
    )
    #expect(encode("--rounding", "stochastc").contains("did you mean 'stochastic'?"))
    #expect(encode("--rounding", "nearesteven").contains("did you mean 'nearestEven'?"))
    #expect(encode("--rounding", "stochastic", "--overflow", "wrap").contains("'overflow' is wrap"))
    let block = ["quantize", "--format", "mxfp4_e2m1", "--input", input, "--output", scratch.path("y")]
    #expect(
      refusal(block + ["--rounding", "stochastic"])
        .contains("--rounding stochastic is for formats of single elements; 'mxfp4_e2m1' is a block format")
    )
    let verify = ["verify", "int4", "--rounding"]
    #expect(refusal(verify + ["stochastic", "--random-bits", "0"]).contains("--random-bits must be 1 to 32"))
    #expect(
      refusal(verify + ["up", "--random-bits", "4"]).contains("--random-bits needs --rounding stochastic")
    )
    #expect(refusal(verify + ["up,stochastic"]).contains("checked on its own"))
    #expect(refusal(verify + ["stochastik"]).contains("did you mean 'stochastic'?"))
    #expect(
      refusal(verify + ["stochastic", "--exhaustive"]).contains("--exhaustive is for deterministic rules")
    )
    #expect(
      refusal(verify + ["stochastic", "--stochastic-variant", "x"])
        .contains("--stochastic-variant must be a, b, c or all, found 'x'")
    )
    #expect(
      refusal(["verify", "nvfp4", "--rounding", "stochastic"]).contains("'nvfp4' is a block format")
    )
    #expect(try scratch.files == ["x.f32"])
  }
}
