import Binade
import Foundation
import Testing

/// `quantize --codes` and `--scales`: codes and scales are those that the output was made of.
@Suite struct QuantizedFilesTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: scratch.url.appending(path: name)))
  }

  /// The data of a `.npy` file, and its header's text.
  private func npy(_ name: String) throws -> (header: String, data: [UInt8]) {
    let all = try bytes(name)
    let start = 10 + Int(all[8]) + Int(all[9]) << 8
    return (String(decoding: all[10..<start], as: UTF8.self), Array(all[start...]))
  }

  private func floats(_ bytes: [UInt8]) -> [Float] {
    bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  @Test(
    "codes and scales of blocks decode to the output",
    arguments: ["mxfp4_e2m1", "mxfp8_e4m3", "nvfp4", "nvfp4_two_level", "vsq4_s4", "bfp8"]
  )
  func blocks(name: String) throws {
    let (rows, length) = (3, 37)
    let values = (0..<rows * length).map { index -> Float in
      Float(index % 17 - 8) * Float(sign: .plus, exponent: index % 7 - 3, significand: 1.1)
    }
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(length)), }\n"
    let data = Data(NumPyHeaderTests.bytes(header)) + values.withUnsafeBytes { Data($0) }
    let input = try scratch.write("x.npy", data)
    guard case .block(let format) = try FormatCatalog().entry(named: name) else {
      Issue.record("'\(name)' is no block format")
      return
    }
    let hasOuter = format.scale.outer != .none
    let files = ["--output", "y.npy", "--codes", "c.npy", "--scales", "s.npy"].map {
      $0.hasPrefix("-") ? $0 : scratch.path($0)
    }
    let outer = hasOuter ? ["--outer-scales", scratch.path("o.npy")] : []
    let run = CommandRun(["quantize", "--format", name, "--input", input] + files + outer)
    #expect(run.status == 0, "\(run.errors)")
    let blockCount = (length + format.blockLength - 1) / format.blockLength
    let (output, codes, scales) = (try npy("y.npy"), try npy("c.npy"), try npy("s.npy"))
    #expect(codes.header.contains("'shape': (\(rows), \(length))"))
    #expect(scales.header.contains("'shape': (\(rows), \(blockCount))"), "\(scales.header)")
    var outerScales = [Float](repeating: 1, count: rows)
    if hasOuter {
      let found = floats(try npy("o.npy").data)
      #expect(found.count == (format.scale.outer == .tensor ? 1 : rows))
      outerScales = (0..<rows).map { found[found.count == 1 ? 0 : $0] }
    }
    let codec = try BlockCodec(format)
    var decoded: [Float] = []
    for row in 0..<rows {
      let elements = codes.data.dropFirst(row * length).prefix(length)
      let blocks = scales.data.dropFirst(row * blockCount).prefix(blockCount)
      let coded = BlockRow(
        codes: elements.map { UInt32($0) },
        scaleCodes: blocks.map { UInt32($0) },
        outerScale: outerScales[row]
      )
      decoded += codec.decode(coded)
    }
    let expected = floats(output.data)
    #expect(decoded.map { $0.bitPattern } == expected.map { $0.bitPattern })
    if hasOuter {
      let refused = CommandRun(["quantize", "--format", name, "--input", input] + files)
      #expect(refused.status == 2 && refused.errors.contains("keep them with --outer-scales FILE"))
    }
    // The output itself is not needed.
    let codesOnly = CommandRun([
      "quantize", "--format", name, "--input", input, "--codes", scratch.path("d.npy"),
    ])
    #expect(codesOnly.status == 0, "\(codesOnly.errors)")
    #expect(try bytes("d.npy") == bytes("c.npy"))
  }

  @Test("codes of single elements, deterministic and stochastic, times the scale are the output")
  func elements() throws {
    let values = (0..<1000).map { Float($0 % 97) / 7 - 6 }
    let input = try scratch.write("x.f32", floats: values)
    for more in [[], ["--rounding", "stochastic", "--seed", "3"]] {
      let run = CommandRun(
        [
          "quantize", "--format", "int5", "--scale", "0.5", "--overflow", "saturate", "--input", input,
          "--output",
          scratch.path("y"), "--codes", scratch.path("c"), "--scales", scratch.path("s"),
        ] + more
      )
      #expect(run.status == 0, "\(run.errors)")
      #expect(try scratch.floats("s") == [0.5])
      let codec = try FormatCodec(FormatCatalog().format(named: "int5"))
      #expect(try bytes("c").map { codec.decode(UInt32($0)) * 0.5 } == scratch.floats("y"))
    }
  }

  @Test("what is not to be had is refused")
  func refused() throws {
    let input = try scratch.write("x.f32", floats: [1])
    func message(_ arguments: String...) -> String {
      let run = CommandRun(["quantize", "--input", input] + arguments)
      #expect(run.status == 2 && run.output.isEmpty)
      return run.errors
    }
    #expect(message("--format", "int4").contains("name what to write: --output FILE"))
    let path = scratch.path("y")
    #expect(message("--format", "int4", "--output", path, "--codes", path).contains("is named twice"))
    #expect(
      message("--format", "int4", "--output", path, "--outer-scales", path + "o").contains(
        "for block formats"
      )
    )
    #expect(
      message("--format", "mxfp4_e2m1", "--output", path, "--outer-scales", path + "o")
        .contains("has no scales above those of its blocks")
    )
    #expect(try scratch.files == ["x.f32"])
  }

  @Test("--limit of blocks takes whole rows")
  func limit() throws {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }\n"
    let values = (0..<12).map { Float($0) }
    let input = try scratch.write(
      "x.npy",
      Data(NumPyHeaderTests.bytes(header)) + values.withUnsafeBytes { Data($0) }
    )
    func run(_ limit: String) -> CommandRun {
      CommandRun(
        "quantize",
        "--format",
        "mxfp8_e4m3",
        "--limit",
        limit,
        "--input",
        input,
        "--output",
        scratch.path("y.npy")
      )
    }
    #expect(run("8").status == 0)
    #expect(try npy("y.npy").header.contains("'shape': (2, 4)"))
    #expect(run("7").status == 2)
    #expect(run("7").errors.contains("blocks lie in rows of 4 elements; give a multiple of that"))
  }
}
