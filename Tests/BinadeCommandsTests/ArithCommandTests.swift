import Binade
import Foundation
import Testing

/// `arith` on dot products and with stochastic rounding, from the outside.
@Suite struct ArithCommandTests {
  /// A folder of its own, gone at the end of `body`.
  static func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "arith-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  static func codes32(_ url: URL) throws -> [UInt32] {
    try Data(contentsOf: url).withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
      }
    }
  }

  static func codes16(_ url: URL) throws -> [UInt16] {
    try Data(contentsOf: url).withUnsafeBytes { bytes in
      (0..<bytes.count / 2).map {
        UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))
      }
    }
  }

  @Test("dot products of int8 saturate, wrap or are exact, by the accumulator's name")
  func integers() throws {
    try Self.withFolder { folder in
      let (a, b, y) = (
        folder.appending(path: "a.bin"), folder.appending(path: "b.bin"), folder.appending(path: "y.bin")
      )
      // 127·127 three times and -127·127; then 1·2 + 2·2 + 3·2 + 4·2.
      try Data([127, 127, 127, 129, 1, 2, 3, 4]).write(to: a)
      try Data([127, 127, 127, 127, 2, 2, 2, 2]).write(to: b)
      func run(_ accumulator: String, _ more: [String] = []) throws {
        let run = CommandRun(
          [
            "arith", "--format", "int8", "--op", "dot", "--accumulator", accumulator, "--length", "4",
            "--input",
            "\(a.path),\(b.path)", "--output", y.path,
          ] + more
        )
        #expect(run.status == 0, "\(run.errors)")
      }
      try run("int16:saturate")
      #expect(try Self.codes16(y) == [UInt16(32767 - 16129), 20])
      try run("int16:wrap")
      #expect(try Self.codes16(y) == [UInt16(2 * 16129), 20])
      try run("int24")
      #expect(try Self.codes32(y) == [UInt32(2 * 16129), 20])
      try run("int32:wrap", ["--accumulate-order", "pairwise", "--accumulate-every", "3"])
      #expect(try Self.codes32(y) == [UInt32(2 * 16129), 20])
      try run("int48")
      let numbers = try Data(contentsOf: y).withUnsafeBytes { bytes in
        (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
      }
      #expect(numbers == [2 * 16129, 20])
      try run("vnni_int8")
      #expect(try Self.codes32(y) == [UInt32(2 * 16129), 20])
      try run("exact")
      #expect(try Self.codes32(y) == [Float(2 * 16129).bitPattern, Float(20).bitPattern])
    }
  }

  @Test("orders, alignment and products of a format change the sum as the model says")
  func models() throws {
    try Self.withFolder { folder in
      let (a, b, y) = (
        folder.appending(path: "a.bin"), folder.appending(path: "b.bin"), folder.appending(path: "y.bin")
      )
      let format = try FormatCatalog().format(named: "float8_e4m3fn")
      let codec = try FormatCodec(format)
      let values = (0..<64).map { Float($0 % 7) * 0.375 - 1 }
      let others = (0..<64).map { Float($0 % 5) * 1.5 - 2.75 }
      let (left, right) = (values.map { codec.encode($0) }, others.map { codec.encode($0) })
      try Data(left.map { UInt8($0) }).write(to: a)
      try Data(right.map { UInt8($0) }).write(to: b)
      func target(_ name: String, _ rounding: RoundingRule = .nearestEven, _ overflow: OverflowRule = .ieee)
        throws
        -> AccumulatorFormat
      {
        try AccumulatorFormat(
          FormatCatalog().format(named: name),
          policy: ConversionPolicy(rounding: rounding, overflow: overflow)
        )
      }
      let float32 = try target("float32")
      let cases: [([String], AccumulatorModel)] = [
        (["--accumulator", "bfloat16:towardZero"], .init(sum: try target("bfloat16", .towardZero))),
        (
          ["--accumulator", "float16", "--accumulate-order", "chunks:8", "--accumulate-every", "2"],
          .init(sum: try target("float16"), interval: 2, order: .chunked(length: 8, into: float32))
        ),
        (
          ["--accumulator", "q7.8", "--accumulate-order", "chunks:8:bfloat16"],
          .init(sum: try target("q7.8"), order: .chunked(length: 8, into: try target("bfloat16")))
        ),
        (
          ["--accumulator", "float32:towardZero", "--accumulate-every", "16", "--align", "6"],
          .init(
            sum: try target("float32", .towardZero),
            interval: 16,
            alignment: AccumulatorAlignment(fractionBitCount: 6)
          )
        ),
        (
          ["--accumulator", "float16", "--product", "float8_e5m2", "--rounding", "up"],
          .init(product: try target("float8_e5m2", .up), sum: try target("float16", .up))
        ),
        (
          ["--accumulator", "hopper_float8"],
          try #require(MatrixUnit.named("hopper_float8")).model(left: format, right: format)
        ),
      ]
      var sums: Set<Double> = []
      for (arguments, model) in cases {
        let run = CommandRun(
          [
            "arith", "--format", "float8_e4m3fn", "--op", "dot", "--input", "\(a.path),\(b.path)", "--output",
            y.path,
          ] + arguments
        )
        #expect(run.status == 0, "\(run.errors)")
        let expected = ReferenceAccumulation.dot(
          left.map { codec.decode($0) },
          right.map { codec.decode($0) },
          model
        )
        let code =
          model.result.bitWidth > 16 ? try Self.codes32(y) : try Self.codes16(y).map { UInt32($0) }
        let result = try #require(model.result.format)
        #expect(code.map { result.decode($0) } == [expected], "\(arguments)")
        sums.insert(expected)
      }
      #expect(sums.count >= 3, "the models differ: \(sums)")
    }
  }

  @Test(
    "stochastic results are neighbours of the exact one, of the same seed the same, and right on the mean"
  )
  func stochastic() throws {
    try Self.withFolder { folder in
      let (a, b) = (folder.appending(path: "a.bin"), folder.appending(path: "b.bin"))
      // 3 / 7 between 0.40625 and 0.4375 of float8_e4m3fn.
      let codec = try FormatCodec(FormatCatalog().format(named: "float8_e4m3fn"))
      try Data(repeating: UInt8(codec.encode(Float(3))), count: 20_000).write(to: a)
      try Data([UInt8(codec.encode(Float(7)))]).write(to: b)
      func run(_ seed: String, _ name: String) throws -> Data {
        let y = folder.appending(path: name)
        let run = CommandRun([
          "arith", "--format", "float8_e4m3fn", "--op", "div", "--rounding", "stochastic", "--seed", seed,
          "--input",
          "\(a.path),\(b.path)", "--output", y.path,
        ])
        #expect(run.status == 0, "\(run.errors)")
        return try Data(contentsOf: y)
      }
      let first = try run("1", "1.bin")
      #expect(try run("1", "2.bin") == first)
      #expect(try run("2", "3.bin") != first)
      let values = first.map { codec.decode(UInt32($0)) }
      #expect(Set(values) == [0.40625, 0.4375])
      // A standard deviation of the mean is below 0.5 · 2^-5 / sqrt(20000).
      let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
      #expect(abs(mean - 3.0 / 7) < 5 * 0.5 * 0x1p-5 / 20_000.0.squareRoot(), "\(mean)")
    }
  }

  @Test(
    "bad input",
    arguments: [
      (["--op", "dot"], "--op dot needs --accumulator"),
      (["--op", "add", "--accumulator", "int32"], "--accumulator needs --op dot"),
      (["--op", "add", "--align", "3"], "--align needs --accumulator"),
      (["--op", "dot", "--accumulator", "int64"], "'bitWidth' is 64; allowed: 1 to 62 in an accumulator"),
      (["--op", "dot", "--accumulator", "q31.30"], "have 62 bits; --op dot writes them as float64"),
      (["--op", "dot", "--accumulator", "int32:warp"], "did you mean 'wrap'?"),
      (["--op", "dot", "--accumulator", "hoper_float8"], "did you mean 'hopper_float8'?"),
      (["--op", "dot", "--accumulator", "hopper_float8"], "'operands' is int8; allowed: float8_e4m3fn"),
      (
        ["--op", "dot", "--accumulator", "vnni_int8", "--accumulate-every", "2"],
        "has groups and an order of its own"
      ),
      (["--op", "dot", "--accumulator", "int32", "--align", "99"], "--align is BITS (0 to 60)"),
      (
        ["--op", "dot", "--accumulator", "int32", "--rounding", "stochastic"],
        "--op dot takes deterministic rules"
      ),
      (["--op", "dot", "--accumulator", "logarithmic"], "is a datapath of 'binade evaluate'"),
      (["--op", "dot", "--accumulator", "int32", "--length", "3"], "no whole number of vectors of 3"),
      (
        ["--op", "mul", "--rounding", "stochastic", "--overflow", "wrap"],
        "ieee or saturate with stochastic rounding"
      ),
    ]
  )
  func badInput(arguments: [String], message: String) throws {
    try Self.withFolder { folder in
      let (a, b) = (folder.appending(path: "a.bin"), folder.appending(path: "b.bin"))
      try Data([1, 2, 3, 4]).write(to: a)
      try Data([1, 2, 3, 4]).write(to: b)
      let run = CommandRun(
        [
          "arith", "--format", "int8", "--input", "\(a.path),\(b.path)", "--output",
          folder.appending(path: "y").path,
        ] + arguments
      )
      #expect(run.status == 2, "\(run.output)")
      #expect(run.errors.contains(message), "\(run.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "y").path))
    }
  }
}
