import Binade
import Foundation
import Testing

/// Block formats on the command line.
@Suite struct BlockCommandTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  /// A .npy file of float32.
  private func npy(_ name: String, _ floats: [Float], shape: String) throws -> String {
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
    while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
    header += "\n"
    var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0])
    data += Data(header.utf8) + floats.withUnsafeBytes { Data($0) }
    return try scratch.write(name, data)
  }

  /// The elements behind the header of a .npy file of less than 256 bytes of it.
  private func floats(npy name: String) throws -> [Float] {
    let data = try Data(contentsOf: scratch.url.appending(path: name))
    let body = data.dropFirst(10 + Int(data[8]))
    return [UInt8](body).withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  @Test("a raw file is one row, and the scale rule is chosen by name")
  func raw() throws {
    var values = [Float](repeating: 0.5, count: 33)
    values[0] = 7
    values[32] = 0.3
    let input = try scratch.write("x.f32", floats: values)
    var expected = [Float](repeating: 0.5, count: 33)
    expected[0] = 6
    func quantized(_ arguments: String...) throws -> [Float] {
      let run = CommandRun(
        ["quantize", "--format", "mxfp4_e2m1", "--input", input, "--output", scratch.path("y.f32")]
          + arguments
      )
      #expect(run.status == 0, "\(run.errors)")
      return try scratch.floats("y.f32")
    }
    // The last block has one element: 0.3 is 4.8 / 16, and 4.8 becomes 4.
    expected[32] = 0.25
    #expect(try quantized() == expected)
    // Scale 2 in the first block: 3.5 is a tie that becomes 4, 0.25 one that becomes 0.
    let rceil = try quantized("--scale-rule", "rceil")
    #expect(rceil[0] == 8)
    #expect(rceil[1] == 0)
    #expect(try quantized("--scale-rule", "rceil", "--rounding", "up")[1] == 1)
  }

  @Test("blocks of a .npy file lie along the last axis and never reach into the next row")
  func rows() throws {
    let input = try npy("x.npy", [12, 1, 1, 0.25, 0.5, 0.75], shape: "(2, 3)")
    for (format, expected) in [
      ("mxfp4_e2m1", [12, 1, 1, 0.25, 0.5, 0.75] as [Float]),
      // One scale for the tensor, and one for each row.
      ("nvfp4_two_level", [12, 1, 1, 0.25, 0.5, 0.75]),
      ("vsq3_s4", [12, 0, 0, 0.25, 0.5, 0.75]),
    ] {
      let run = CommandRun(
        ["quantize", "--format", format, "--input", input, "--output", scratch.path("y.npy")]
      )
      #expect(run.status == 0, "\(run.errors)")
      let found = try floats(npy: "y.npy")
      #expect(found.count == 6)
      for (a, b) in zip(found, expected) { #expect(abs(a - b) <= abs(b) * 0.05, "\(format): \(found)") }
    }
  }

  @Test("long rows are streamed without a seam")
  func streaming() throws {
    let values = (0..<600_001).map { Float(($0 * 7919) % 10_007) / 100 - 50 }
    let input = try scratch.write("x.f32", floats: values)
    for format in ["mxfp8_e4m3", "vsq8_s8"] {
      let run = CommandRun(
        ["quantize", "--format", format, "--input", input, "--output", scratch.path("y.f32")]
      )
      #expect(run.status == 0, "\(run.errors)")
      let found = try scratch.floats("y.f32")
      #expect(found.count == values.count)
      let worst = zip(values, found).map { abs($0 - $1) }.max() ?? 0
      #expect(worst > 0 && worst <= 2)
    }
  }

  @Test("what block formats cannot do says so")
  func refusals() throws {
    let input = try scratch.write("x.f32", floats: [1, 2])
    func errors(_ arguments: String...) -> String {
      let run = CommandRun(arguments + ["--input", input, "--output", scratch.path("y")])
      #expect(run.status == 2)
      return run.errors
    }
    #expect(errors("encode", "--format", "mxfp4_e2m1").contains("is a block format"))
    #expect(errors("encode", "--format", "mxfp4_e2m1").contains("--scales FILE"))
    #expect(errors("decode", "--format", "nvfp4").contains("--scales FILE"))
    #expect(errors("encode", "--format", "nvfp4", "--scales", scratch.path("y")).contains("is named twice"))
    #expect(errors("decode", "--format", "nvfp4", "--scales", input).contains("is named twice"))
    #expect(
      errors("encode", "--format", "vsq4_s4", "--scales", scratch.path("s")).contains("--outer-scales FILE")
    )
    #expect(
      errors("encode", "--format", "nvfp4", "--scales", "s", "--outer-scales", "o").contains(
        "has no scales above"
      )
    )
    #expect(errors("encode", "--format", "int8", "--scales", "s").contains("'int8' is none"))
    #expect(
      errors("quantize", "--format", "mxfp4_e2m1", "--scale-rule", "four-over-six").contains(
        "four-over-six is for"
      )
    )
    #expect(
      errors("quantize", "--format", "nvfp4", "--scale-rule", "ceil").contains(
        "'scaleRule' is ceil; allowed: none"
      )
    )
    #expect(
      errors("quantize", "--format", "int8", "--scale-rule", "ceil").contains(
        "--scale-rule is for block formats"
      )
    )
    #expect(errors("quantize", "--format", "nvfp4", "--scale", "2").contains("finds its scales itself"))
    #expect(
      errors("quantize", "--format", "nvfp4", "--overflow", "wrap").contains("those of 'nvfp4' saturate")
    )
    #expect(errors("quantize", "--format", "nvfp5").contains("did you mean 'nvfp4'?"))
    #expect(errors("quantize", "--format", "nvfp4", "--scale-rule", "cell").contains("floor"))
    #expect(try scratch.files == ["x.f32"])
  }

  @Test("formats and verify know block formats")
  func catalogue() throws {
    let list = CommandRun("formats", "list")
    #expect(list.output.contains("mxfp4_e2m1"))
    #expect(list.output.contains("bfp<n>"))
    #expect(CommandRun("formats", "list", "--json").output.contains("\"outerScale\" : \"tensor\""))
    let page = CommandRun("formats", "show", "mxfp4_e2m1").output
    #expect(page.contains("float8_e8m0fnu, floor"))
    #expect(page.contains("4.25"))
    #expect(CommandRun("formats", "show", "nvfp4", "--json").output.contains("\"blockLength\" : 16"))
    let verified = CommandRun("verify", "mxfp4_e2m1", "vsq4_s4", "--rounding", "nearestEven")
    #expect(verified.status == 0, "\(verified.errors)")
    #expect(verified.output.contains("mxfp4_e2m1 (rceil)"))
    #expect(verified.output.contains(" 0 mismatches"))
  }

  @Test(
    "what encode writes decode reads: the values that quantize writes",
    arguments: ["mxfp4_e2m1", "mxfp8_e5m2", "nvfp4", "nvfp4_two_level", "vsq4_s4", "bfp8"]
  )
  func roundTrip(format: String) throws {
    let values = (0..<90).map { (index: Int) -> Float in
      let scale: Float = index < 45 ? 0.25 : 8
      return Float(index * 37 % 101 - 50) * scale
    }
    let input = try scratch.write("x.f32", floats: values)
    let isTwoLevel = try FormatCatalog().blockFormat(named: format).scale.outer != .none
    let scales =
      ["--scales", scratch.path("s.bin")] + (isTwoLevel ? ["--outer-scales", scratch.path("o.bin")] : [])
    for (command, files) in [
      ("encode", ["--input", input, "--output", scratch.path("c.bin")] + scales),
      ("decode", ["--input", scratch.path("c.bin"), "--output", scratch.path("y.f32")] + scales),
      ("quantize", ["--input", input, "--output", scratch.path("q.f32")]),
    ] {
      let run = CommandRun([command, "--format", format] + files)
      #expect(run.status == 0, "\(command): \(run.errors)")
    }
    #expect(try scratch.floats("y.f32") == scratch.floats("q.f32"))
    // A scale too few.
    let cut = try Data(contentsOf: URL(filePath: scratch.path("s.bin"))).dropLast(1)
    _ = try scratch.write("s.bin", cut)
    let run = CommandRun(
      ["decode", "--format", format, "--input", scratch.path("c.bin"), "--output", scratch.path("z.f32")]
        + scales
    )
    #expect(run.status != 0 && run.errors.contains("one scale is needed for every"), "\(run.errors)")
  }
}
