import BinadeKernels
import Testing

/// Deterministic numbers for tests: a linear congruential generator (Knuth's MMIX constants).
struct TestNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func nextInteger(_ range: ClosedRange<Int>) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return range.lowerBound + Int(state >> 33) % range.count
  }

  mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float(nextInteger(-1_000_000...1_000_000)) / 262_144 }
  }

  mutating func integers(_ count: Int, within limit: Int) -> [Int16] {
    (0..<count).map { _ in Int16(nextInteger(-limit...limit)) }
  }
}

@Suite struct GEMMTests {
  /// 1, 2, 3, tile ± 1, primes, beyond a block of depth.
  static let sizes: [(m: Int, k: Int, n: Int)] = [
    (1, 1, 1), (2, 3, 2), (3, 2, 3), (3, 7, 23), (4, 8, 24), (5, 9, 25), (8, 255, 48), (4, 256, 47),
    (5, 257, 49), (13, 521, 53), (17, 1031, 29), (4, 512, 1), (1, 513, 24), (6, 16, 15), (7, 5, 17),
    (11, 3, 31), (12, 6, 32), (13, 1, 33), (97, 11, 65), (193, 1025, 8),
  ]

  @Test(
    "every float32 row equals the reference twin bit for bit",
    arguments: KernelTable.float32Rows.map(\.name)
  )
  func floatRows(name: String) throws {
    let kernel = try #require(KernelTable.float32Rows.first { $0.name == name })
    var numbers = TestNumbers(seed: 1)
    for (m, k, n) in Self.sizes {
      let (a, b) = (numbers.floats(m * k), numbers.floats(k * n))
      let expected = ReferenceGEMM.multiply(a, b, rows: m, depth: k, columns: n)
      let found = GEMM.multiply(a, b, rows: m, depth: k, columns: n, kernel: kernel)
      #expect(found == expected, "\(m) x \(k) x \(n)")
      let packed = PackedMatrix(b, depth: k, columns: n, kernel: kernel)
      for threads in [1, 2, 7] {
        var again = [Float](repeating: .nan, count: m * n)
        GEMM.multiply(a, packed, into: &again, rows: m, threads: threads)
        #expect(again == expected, "packed, \(m) x \(k) x \(n)")
      }
    }
  }

  @Test("every int16 row is exact", arguments: KernelTable.int16Rows.map(\.name))
  func integerRows(name: String) throws {
    let kernel = try #require(KernelTable.int16Rows.first { $0.name == name })
    var numbers = TestNumbers(seed: 2)
    for (m, k, n) in Self.sizes {
      // The largest magnitude for which a sum of k products stays within int32.
      let limit = Int((Double(Int32.max) / Double(k)).squareRoot().rounded(.down))
      let a = numbers.integers(m * k, within: min(limit, 32767))
      let b = numbers.integers(k * n, within: min(limit, 32767))
      let expected = ReferenceGEMM.multiply(a, b, rows: m, depth: k, columns: n)
      let found = GEMM.multiply(a, b, rows: m, depth: k, columns: n, kernel: kernel)
      #expect(found.map(Int64.init) == expected, "\(m) x \(k) x \(n)")
    }
  }

  @Test("every row for bytes is exact", arguments: [(15, 8), (24, 12), (63, 32), (255, 128)])
  func byteRows(greatestByte: Int, greatestWeight: Int) {
    var numbers = TestNumbers(seed: 9)
    for (m, k, n) in Self.sizes {
      let a = (0..<m * k).map { _ in UInt8(numbers.nextInteger(0...greatestByte)) }
      let b = (0..<k * n).map { _ in Int8(numbers.nextInteger(-greatestWeight...min(greatestWeight, 127))) }
      let expected = ReferenceGEMM.multiply(
        a.map(Int16.init),
        b.map(Int16.init),
        rows: m,
        depth: k,
        columns: n
      )
      for kernel in KernelTable.byteRows(greatestProduct: greatestByte * greatestWeight) {
        let found = GEMM.multiply(a, b, rows: m, depth: k, columns: n, kernel: kernel)
        #expect(found.map(Int64.init) == expected, "\(kernel.name): \(m) x \(k) x \(n)")
      }
    }
  }

  @Test("the greatest bytes of every kernel never saturate", arguments: [(15, -8), (31, -16), (255, -128)])
  func byteExtremes(byte: Int, weight: Int) {
    let (m, k, n) = (7, 2048, 17)
    for kernel in KernelTable.byteRows(greatestProduct: byte * -weight) {
      let found = GEMM.multiply(
        [UInt8](repeating: UInt8(byte), count: m * k),
        [Int8](repeating: Int8(weight), count: k * n),
        rows: m,
        depth: k,
        columns: n,
        kernel: kernel
      )
      #expect(found.allSatisfy { $0 == Int32(k * byte * weight) }, "\(kernel.name)")
    }
  }

  @Test("all int16 extremes multiply without saturation")
  func extremes() {
    for kernel in KernelTable.int16Rows {
      let found = GEMM.multiply(
        [Int16](repeating: -32768, count: 4),
        [-32768],
        rows: 4,
        depth: 1,
        columns: 1,
        kernel: kernel
      )
      #expect(found == [Int32](repeating: 1 << 30, count: 4))
    }
  }

  @Test("1, 2 and 7 threads give the same bits")
  func threads() {
    var numbers = TestNumbers(seed: 3)
    let (m, k, n) = (19, 301, 1000)
    let (a, b) = (numbers.floats(m * k), numbers.floats(k * n))
    let one = GEMM.multiply(a, b, rows: m, depth: k, columns: n, threads: 1)
    for threads in [2, 7] {
      #expect(GEMM.multiply(a, b, rows: m, depth: k, columns: n, threads: threads) == one)
    }
  }

  @Test("empty matrices have empty or zero products")
  func empty() {
    #expect(GEMM.multiply([Float](), [], rows: 0, depth: 3, columns: 0).isEmpty)
    #expect(GEMM.multiply([Float](), [], rows: 2, depth: 0, columns: 2) == [0, 0, 0, 0])
  }
}
