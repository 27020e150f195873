import Foundation
import Testing

/// Inputs that are no files, and files that change while they are read.
@Suite(.enabled(if: InstructionSetLimitTests.program != nil, "binade is not built"))
struct StreamTests {
  let scratch: ScratchFolder

  init() throws {
    scratch = try ScratchFolder()
    _ = try scratch.write("s.f32", floats: (0..<300_000).map { Float($0 % 13) - 6 })
  }

  private func run(_ script: String, limit: Int = 60) throws -> ProgramRun {
    try ProgramRun(script, in: scratch.url, limit: limit)
  }

  @Test(
    "pipes, FIFOs, process substitution's paths and standard input give what the file gives",
    arguments: [
      "encode --format int4 --overflow saturate", "encode --format int5 --overflow saturate --packed",
      "encode --format float8_e5m2 --rounding stochastic", "quantize --format posit8",
      "quantize --format mxfp4_e2m1", "quantize --format nvfp4_two_level", "quantize --format vsq4_s4",
    ]
  )
  func streams(command: String) throws {
    let run = try run(
      """
      set -e
      c="$B \(command)"
      $c --input s.f32 --output want
      cat s.f32 | $c --input - --output a
      cat s.f32 | $c --input /dev/stdin --output b
      cat s.f32 | $c --input /dev/fd/0 --output /dev/stdout > c
      $c --input - --output - < s.f32 > d
      mkfifo f; cat s.f32 > f & $c --input f --output - | cat > e
      for f in a b c d e; do cmp want $f; done
      cat s.f32 | $c --input - --limit 320 --output g; $c --input s.f32 --limit 320 --output h; cmp g h
      test $(wc -c < g) -le 1280
      : | $c --input - --output - | wc -c
      : | $c --input /dev/stdin --output - | wc -c
      """
    )
    #expect(run.status == 0 && run.text == "0\n0\n", "\(run.text) \(run.errors)")
  }

  @Test("decode streams too, packed and whole, and what it decodes is what was encoded")
  func decode() throws {
    let run = try run(
      """
      set -e
      $B encode --format int5 --input - --output - < s.f32 | $B decode --format int5 --input - --output - | cmp - s.f32
      $B encode --packed --format int5 --input - --output - < s.f32 \
        | $B decode --packed --count 300000 --format int5 --input - --output - | cmp - s.f32
      $B encode --packed --format int5 --input - --output p < s.f32
      $B decode --packed --format int5 --limit 11 --input p --output q; head -c 44 s.f32 | cmp - q
      """
    )
    #expect(run.status == 0, "\(run.text) \(run.errors)")
    let short = try self.run(
      "head -c 100 p | $B decode --packed --count 300 --format int5 --input - --output q2"
    )
    #expect(short.status == 2 && short.errors.contains("standard input: ended after 160 of 300 elements"))
  }

  @Test("arith takes operands from pipes, whose length shows only at their end")
  func operands() throws {
    let run = try run(
      """
      set -e
      $B encode --format int8 --input s.f32 --output a
      $B encode --format int8 --input s.f32 --limit 1 --output one
      $B arith --format int8 --op add --input a,one --output want
      cat a | $B arith --format int8 --op add --input one,- --output - | cmp - want
      mkfifo f; cat one > f & $B arith --format int8 --op add --input a,f --output - | cmp - want
      """
    )
    #expect(run.status == 0, "\(run.text) \(run.errors)")
  }

  @Test("the length of a stream goes into the header of a .npy file at its end")
  func shapes() throws {
    let run = try run(
      """
      set -e
      $B encode --format int5 --input - --output a.npy < s.f32
      cat s.f32 | $B encode --format int5 --input - --output b.npy
      $B decode --format int5 --input b.npy --output - | cmp - s.f32
      cat b.npy | $B decode --format int5 --input - --output - | cmp - s.f32
      (cat b.npy; echo) | $B decode --format int5 --input - --output c
      """
    )
    #expect(run.status == 2 && run.errors.contains("more data than shape [300000] in its header takes"))
    let fifo = try self.run(
      "mkfifo o.npy; cat o.npy & cat s.f32 | $B encode --format int5 --input - --output o.npy"
    )
    #expect(fifo.status == 2 && fifo.errors.contains("o.npy: an .npy file begins with its shape"))
  }

  @Test("devices that never end need --limit; /dev/null is empty")
  func endless() throws {
    for command in ["encode", "decode", "quantize"] {
      let run = try run("$B \(command) --format int4 --input /dev/zero --output z", limit: 20)
      #expect(run.status == 2)
      #expect(
        run.errors
          == "binade: /dev/zero: is a device, which may never end; --limit N reads its first N elements\n"
      )
      let some = try self.run(
        "$B \(command) --format int4 --input /dev/zero --limit 1000 --output z; wc -c < z"
      )
      #expect(some.text == (command == "encode" ? "1000\n" : "4000\n"), "\(some.errors)")
      let none = try self.run("$B \(command) --format int4 --input /dev/null --output z; wc -c < z")
      #expect(none.text == "0\n", "\(none.errors)")
    }
    #expect(
      CommandRun("encode", "--format", "int4", "--limit", "0", "--input", "-", "--output", "-").status == 2
    )
  }

  @Test("NaN in a stream stops before it goes out; nobody is told that nothing was written")
  func nan() throws {
    _ = try scratch.write("n.f32", floats: [1, .nan])
    let run = try run("$B encode --format int4 --input n.f32 --output - | wc -c")
    #expect(run.text == "0\n")
    #expect(run.errors.contains("n.f32: NaN, and 'int4' has none; what was written before it cannot"))
  }

  @Test(
    "an input that is cut while it is read is an error, and writes nothing",
    arguments: [
      "encode --format takum8", "decode --format float32", "quantize --format posit8",
      "quantize --format mxfp4_e2m1", "arith --format float32 --op sqrt",
    ]
  )
  func cut(command: String) throws {
    // The output is a FIFO: it takes some, and only when the file is cut the rest.
    let type = command.contains("float32") ? "<u4" : "<f4"
    let header = NumPyHeaderTests.bytes("{'descr':'\(type)','fortran_order':False,'shape':(4000000,)}")
    for (name, start) in [("big.npy", Data(header)), ("big.bin", Data())] {
      _ = try scratch.write(name, start)
      let run = try run(
        """
        truncate -s +16000000 \(name)
        rm -f f; mkfifo f; (sleep 1; truncate -s 2000000 \(name); cat > /dev/null) < f &
        $B \(command) --input \(name) --output f
        """
      )
      #expect(run.status == 2, "\(run.errors)")
      #expect(run.errors.contains("of 4000000 elements; was it cut while it was read?"), "\(run.errors)")
    }
  }

  @Test("results do not depend on the number of threads")
  func threads() throws {
    let run = try run(
      """
      set -e
      for t in 1 2 7; do $B encode --format posit16 --threads $t --input s.f32 --output y$t; done
      cmp y1 y2; cmp y1 y7
      """
    )
    #expect(run.status == 0, "\(run.errors)")
  }
}
