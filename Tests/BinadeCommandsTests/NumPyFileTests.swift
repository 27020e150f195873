import Foundation
import Testing

/// `.npy` files in the orders and types that NumPy writes.
@Suite struct NumPyFileTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func npy(_ name: String, _ header: String, _ data: Data, version: UInt8 = 1) throws -> String {
    try scratch.write(name, Data(NumPyHeaderTests.bytes(header, version: version)) + data)
  }

  private func quantized(_ input: String, _ more: String...) throws -> [Float] {
    let run = CommandRun(
      ["quantize", "--format", "float32", "--input", input, "--output", scratch.path("y.f32")] + more
    )
    #expect(run.status == 0, "\(run.errors)")
    return try scratch.floats("y.f32")
  }

  private func data<T>(_ values: [T]) -> Data { values.withUnsafeBytes { Data($0) } }

  @Test("Fortran order becomes C order, however the header is spaced")
  func fortran() throws {
    let floats: [Float] = [0, 1, 2, 3, 4, 5]
    for header in [
      "{'descr':'<f4','fortran_order':True,'shape':(2,3)}",
      "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n",
    ] {
      let input = try npy("x.npy", header, data(floats))
      #expect(try quantized(input) == [0, 2, 4, 1, 3, 5])
      #expect(try quantized(input, "--limit", "4") == [0, 2, 4, 1])
    }
    // Three axes: element (i, j, k) lies at i + 2 j + 6 k.
    let cube = try npy(
      "cube.npy",
      "{'descr':'<f8','fortran_order':True,'shape':(2,3,2)}",
      data((0..<12).map { Double($0) })
    )
    #expect(try quantized(cube) == [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11])
    let flat = try npy("flat.npy", "{'descr':'<f4','fortran_order':True,'shape':(1,6,1)}", data(floats))
    #expect(try quantized(flat) == floats)
  }

  @Test("float16 is read exactly, every bit pattern")
  func halves() throws {
    let bits = (UInt16.min...UInt16.max).map { $0 }
    let input = try npy("x.npy", "{'descr':'<f2','fortran_order':False,'shape':(65536,)}", data(bits))
    let run = CommandRun(
      "encode",
      "--format",
      "float16",
      "--input",
      input,
      "--output",
      scratch.path("y.bin")
    )
    #expect(run.status == 0, "\(run.errors)")
    let codes = try Data(contentsOf: scratch.url.appending(path: "y.bin")).withUnsafeBytes { bytes in
      (0..<65536).map { bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self) }
    }
    for (code, expected) in zip(codes, bits) {
      let isNaN = expected & 0x7FFF > 0x7C00
      #expect(isNaN ? code & 0x7FFF > 0x7C00 : code == expected)
    }
  }

  @Test("float64 is rounded once, also in quantize and with stochastic rounding")
  func doubles() throws {
    // Above a tie of bfloat16 by less than float32 can tell.
    let input = try npy(
      "x.npy",
      "{'descr':'<f8','fortran_order':False,'shape':(1,)}",
      data([1 + 0x1p-8 + 0x1p-40])
    )
    let output = scratch.path("y.f32")
    let common = ["quantize", "--format", "bfloat16", "--input", input, "--output", output]
    #expect(CommandRun(common).status == 0)
    #expect(try scratch.floats("y.f32") == [1 + 0x1p-7])
    #expect(CommandRun(common + ["--scale", "2"]).status == 0)
    #expect(try scratch.floats("y.f32") == [1 + 0x1p-7])
    #expect(CommandRun(common + ["--rounding", "stochastic", "--codes", scratch.path("c.npy")]).status == 0)
    #expect(try [1, 1 + 0x1p-7].contains(scratch.floats("y.f32")[0]))
    let blocks = CommandRun("quantize", "--format", "mxfp4_e2m1", "--input", input, "--output", output)
    #expect(blocks.status == 2 && blocks.errors.contains("elements are '<f8'; expected '<f4'"))
  }

  @Test("big-endian numbers, and codes of types that NumPy has no name for")
  func otherTypes() throws {
    let big = try npy(
      "x.npy",
      "{'descr':'>f4','fortran_order':False,'shape':(2,)}",
      data([Float(1.5).bitPattern.bigEndian, Float(-2).bitPattern.bigEndian])
    )
    #expect(try quantized(big) == [1.5, -2])
    for type in ["|V1", "<f1", "|u1", ">u1"] {
      let codes = try npy(
        "c.npy",
        "{'descr':'\(type)','fortran_order':False,'shape':(2,)}",
        Data([0x38, 0xB8])
      )
      let run = CommandRun(
        "decode",
        "--format",
        "float8_e4m3fn",
        "--input",
        codes,
        "--output",
        scratch.path("z.f32")
      )
      #expect(run.status == 0, "\(run.errors)")
      #expect(try scratch.floats("z.f32") == [1, -1])
    }
    let wrong = try npy("w.npy", "{'descr':'<i4','fortran_order':False,'shape':(1,)}", Data(count: 4))
    let run = CommandRun("quantize", "--format", "int4", "--input", wrong, "--output", scratch.path("n"))
    #expect(run.status == 2 && run.errors.contains("elements are '<i4'; expected '<f4' or '<f8'"))
  }

  @Test("a .npy file is one whatever its name; its size must fit")
  func names() throws {
    let header = "{'descr':'<f4','fortran_order':False,'shape':(2,)}"
    let input = try npy("x.bin", header, data([Float(1), 2]))
    #expect(try quantized(input) == [1, 2])
    let long = try npy("long.npy", header, data([Float(1), 2, 3]))
    let run = CommandRun("quantize", "--format", "int4", "--input", long, "--output", scratch.path("n"))
    #expect(run.status == 2 && run.errors.contains("12 bytes of data for shape [2], which takes 8"))
  }
}
