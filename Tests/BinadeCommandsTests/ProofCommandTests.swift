import Foundation
import Testing

/// `verify --exhaustive`, certificates, `arith` and `audit` from the outside.
@Suite struct ProofCommandTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func message(_ status: Int32 = 2, _ arguments: String...) -> String {
    let run = CommandRun(arguments)
    #expect(run.status == status, "\(arguments): \(run.output) \(run.errors)")
    return (run.output + run.errors).replacing(scratch.url.path, with: "DIR")
  }

  @Test("a certificate is written, holds again, and is refused when it is damaged or of another table")
  func certificates() throws {
    let folder = scratch.path("proofs")
    let made = CommandRun([
      "verify", "int2", "--rounding", "nearestEven", "--exhaustive", "--certificates", folder,
    ])
    #expect(made.status == 0 && made.output.contains("0 mismatches"), "\(made.output) \(made.errors)")
    #expect(made.output.contains("median"))
    let file = folder + "/int2.json"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.contains("float64 inputs are not enumerated"))
    #expect(message(0, "verify", "--certificate", file).contains("the certificate holds"))

    func damaged(_ name: String, _ old: String, _ new: String) throws -> String {
      try scratch.write(name, Data(text.replacing(old, with: new).utf8))
    }
    let version = try damaged("a.json", "\"certificateVersion\" : 2", "\"certificateVersion\" : 3")
    #expect(
      message(2, "verify", "--certificate", version)
        == "binade: DIR/a.json: certificate version 3; this Binade reads version 2\n"
    )
    let table = try damaged("b.json", "\"format\" : \"int2\"", "\"format\" : \"int3\"")
    #expect(
      message(2, "verify", "--certificate", table).contains("the code table of 'int3' has changed since")
    )
    let unknown = try damaged("c.json", "\"format\" : \"int2\"", "\"format\" : \"imt2\"")
    #expect(message(2, "verify", "--certificate", unknown).contains("no format 'imt2'"))
    let rule = try damaged("d.json", "\"rounding\" : \"nearestEven\"", "\"rounding\" : \"nearest\"")
    #expect(message(2, "verify", "--certificate", rule).contains("no rounding rule 'nearest'"))
    let cut = try scratch.write("e.json", Data(text.utf8.prefix(100)))
    #expect(message(2, "verify", "--certificate", cut).contains("not a certificate"))
    let empty = try scratch.write("h.json", Data())
    #expect(message(2, "verify", "--certificate", empty).contains("no whole JSON document"))
    #expect(message(2, "verify", "--certificate", scratch.url.path).contains("it is a folder"))
    #expect(message(2, "verify", "--certificate", scratch.path("f.json")).contains("no such file"))
    // A certificate of steps that are not MPFR's is a failed check.
    let first = try #require(text.firstMatch(of: /"stepFingerprint" : "([0-9a-f]+)"/)).1
    let steps = try damaged("g.json", String(first), "0000000000000000")
    #expect(message(1, "verify", "--certificate", steps).contains("MPFR's steps are not those certified"))
  }

  @Test("a resumed proof keeps the rows of rules that other tables convert under")
  func resumed() throws {
    let folder = scratch.path("proofs")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // Its conversion to odd codes searches the table that the other rules do not.
    let committed = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../certificates/nf4.json"
    )
    let before = try String(contentsOf: committed, encoding: .utf8)
    #expect(before.contains("toOdd"))
    _ = try scratch.write("proofs/nf4.json", Data(before.utf8))
    let run = CommandRun([
      "verify", "nf4", "--rounding", "nearestEven", "--exhaustive", "--resume", "--certificates", folder,
    ])
    #expect(run.status == 0 && run.output.contains("0 mismatches"), "\(run.errors)")
    let after = try String(contentsOfFile: folder + "/nf4.json", encoding: .utf8)
    for rule in ["nearestEven", "towardZero", "nearestAway", "awayFromZero", "toOdd"] {
      let text = "\"rounding\" : \"\(rule)\""
      #expect(after.split(separator: text).count == before.split(separator: text).count, "\(rule)")
    }
  }

  @Test("what cannot be proven is said")
  func refused() {
    #expect(message(2, "verify", "mxfp4_e2m1", "--exhaustive").contains("mxfp4_e2m1 are blocks"))
    #expect(
      message(2, "verify", "posit32", "--exhaustive", "--rounding", "up")
        .contains("under nearestEven and towardZero, not under up")
    )
    #expect(message(2, "verify", "int4", "--exhaustive", "--resume").contains("name it with --certificates"))
    #expect(message(2, "verify", "int4", "--certificates", "x").contains("--certificates needs --exhaustive"))
    #expect(message(2, "verify", "--p3109", "17").contains("--p3109 must be 3 to 16, found 17"))
    for nothing in ["", ","] {
      #expect(message(2, "verify", "int4", "--rounding", nothing).contains("need at least one name"))
      #expect(message(2, "verify", "int4", "--operations", nothing).contains("need at least one name"))
    }
    #expect(
      message(2, "verify", "int4", "--rounding", "stochastic", "--operations", "all")
        .contains("--operations is for deterministic rules")
    )
    #expect(message(2, "verify", "int4", "--operations", "ad").contains("did you mean 'add'?"))
  }

  @Test("arithmetic between files, one element standing for all")
  func arith() throws {
    let a = try scratch.write("a.bin", Data([0x38, 0x40, 0x7E, 0xB8]))
    let b = try scratch.write("b.bin", Data([0x38]))
    func result(_ op: String, _ inputs: String, _ more: String...) throws -> [UInt8] {
      let output = scratch.path("y.bin")
      let run = CommandRun(
        ["arith", "--format", "float8_e4m3fn", "--op", op, "--input", inputs, "--output", output] + more
      )
      #expect(run.status == 0, "\(run.errors)")
      return Array(try Data(contentsOf: URL(filePath: output)))
    }
    #expect(try result("add", "\(a),\(b)") == [0x40, 0x44, 0x7E, 0])
    #expect(try result("add", "\(a),\(b)", "--rounding", "down") == [0x40, 0x44, 0x7E, 0x80])
    #expect(try result("fma", "\(a),\(b),\(b)") == [0x40, 0x44, 0x7E, 0])
    #expect(try result("sqrt", a) == [0x38, 0x3B, 0x5B, 0x7F])
    let half = try scratch.write("h.bin", Data([0x00, 0x3C, 0x01, 0x3C]))
    #expect(try result("convert", half, "--from", "float16") == [0x38, 0x38])
  }

  @Test("arithmetic that is asked for wrongly")
  func badArith() throws {
    let a = try scratch.write("a.bin", Data([1, 2, 3]))
    let b = try scratch.write("b.bin", Data([1, 2]))
    let y = scratch.path("y.bin")
    func arith(_ more: String...) -> String {
      let run = CommandRun(["arith", "--output", y] + more)
      #expect(run.status == 2)
      return run.errors.replacing(scratch.url.path, with: "DIR")
    }
    #expect(
      arith("--format", "int8", "--op", "add", "--input", "\(a),\(b)").contains(
        "operands of different lengths: DIR/a.bin has 3, DIR/b.bin has 2"
      )
    )
    #expect(arith("--format", "int8", "--op", "fma", "--input", a).contains("takes 3 files"))
    #expect(arith("--format", "int8", "--op", "pow", "--input", a).contains("pow"))
    #expect(arith("--format", "int8", "--op", "convert", "--input", a).contains("belong together"))
    #expect(
      arith("--format", "int2", "--op", "sqrt", "--input", a).contains("codes of 'int2' have 2 bits") == false
    )
    let zero = try scratch.write("z.bin", Data([0]))
    #expect(
      arith("--format", "int8", "--op", "div", "--input", "\(zero),\(zero)").contains(
        "1 result is NaN, and 'int8' has none; nothing was written"
      )
    )
    #expect(!FileManager.default.fileExists(atPath: y))
    let wide = try scratch.write("w.bin", Data([9]))
    #expect(
      arith("--format", "int2", "--op", "add", "--input", "\(wide),\(wide)").contains("element 0 is 0x9")
    )
  }

  @Test("audits of commands: right, wrong, crashing, hanging, silent, talkative")
  func audit() throws {
    // A converter to uint1 in shell tools would be slow; od and awk do for one format.
    let script = try scratch.write(
      "cast.py",
      Data(
        """
        import struct, sys
        data = sys.stdin.buffer.read()
        out = bytearray()
        for (x,) in struct.iter_unpack('<f', data):
            if x != x: out.append(0)
            elif x >= 3: out.append(3)
            elif x <= 0: out.append(0)
            else: out.append(EXPRESSION)
        sys.stdout.buffer.write(out)
        """.utf8
      )
    )
    func audit(_ expression: String) throws -> CommandRun {
      let text = try String(contentsOfFile: script, encoding: .utf8).replacing("EXPRESSION", with: expression)
      let file = try scratch.write("run.py", Data(text.utf8))
      return CommandRun([
        "audit", "--format", "uint2", "--overflow", "saturate", "--command", "python3 \(file)",
      ])
    }
    let right = try audit("round(x)")
    #expect(right.status == 0 && right.output.contains("mismatches   0"), "\(right.output) \(right.errors)")
    let wrong = try audit("int(x + 0.5)")
    #expect(
      wrong.status == 1 && wrong.output.contains("diagnosis    ties away from zero: explains everything"),
      "\(wrong.output) \(wrong.errors)"
    )
    #expect(wrong.output.contains("0.5: expected 0x0 (0.0), found 0x1 (1.0)"))

    func failing(_ command: String, _ more: String...) -> String {
      message(2, "audit", "--format", "uint2", "--command", command)
    }
    #expect(failing("exit 3").contains("ended with status 3"))
    #expect(failing("echo reason >&2; kill -9 $$").contains("reason"))
    #expect(failing("cat > /dev/null").contains("wrote 0 bytes;"))
    #expect(failing("yes").contains("wrote more than"))
    let hung = CommandRun(["audit", "--format", "uint2", "--timeout", "1", "--command", "sleep 30"])
    #expect(hung.status == 2 && hung.errors.contains("wrote nothing for 1 s and was stopped"))
    #expect(
      message(2, "audit", "--format", "uint2", "--library", "x.so", "--symbol", "f").contains(
        "cannot be loaded"
      )
    )
    #expect(message(2, "audit", "--format", "uint2").contains("name the converter"))
    #expect(message(2, "audit", "--format", "posit32", "--command", "cat").contains("up to 16 bits"))
  }

  @Test("dialects in one table, and on the command line")
  func dialects() throws {
    let run = CommandRun(["formats", "dialects"])
    #expect(run.status == 0 && run.output.contains("p3109SatPropagate"))
    #expect(run.output.contains("NaN / NaN / NaN") && run.output.contains("max / inf / NaN"))
    let x = try scratch.write("x.f32", floats: [1000, .nan])
    let y = scratch.path("y.bin")
    let torch = CommandRun([
      "encode", "--format", "float8_e4m3fn", "--dialect", "torch", "--input", x, "--output", y,
    ])
    #expect(torch.status == 0)
    #expect(try Array(Data(contentsOf: URL(filePath: y))) == [0x7E, 0x7F])
    let onnx = CommandRun([
      "encode", "--format", "float4_e2m1fn", "--dialect", "onnxSat", "--input", x, "--output", y,
    ])
    #expect(onnx.status == 0)
    #expect(try Array(Data(contentsOf: URL(filePath: y))) == [7, 7])
    #expect(
      message(2, "encode", "--format", "float4_e2m1fn", "--dialect", "ocpSat", "--input", x, "--output", y)
        .contains("1 NaN, and 'float4_e2m1fn' has none")
    )
    #expect(
      message(
        2,
        "encode",
        "--format",
        "int8",
        "--dialect",
        "torch",
        "--overflow",
        "ieee",
        "--input",
        x,
        "--output",
        y
      )
      .contains("--overflow and --dialect say the same thing")
    )
  }
}
