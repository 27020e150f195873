import CBinadeKernels

/// Bytes in groups of four along the depth, exact int32 sums: unsigned rows, signed columns.
///
/// Signed values of rows are shifted into 0 ... 255; the sums start with what the shift adds, negated.
///
/// - Error: none while `depth * max(a) * max|b| < 2^31`, which the caller guarantees.
package struct ByteMicroKernel: MicroKernel, KernelRow {
  typealias RowOperand = UInt8
  typealias ColumnOperand = Int8
  typealias Sum = Int32
  private typealias Tile =
    @Sendable @convention(c) (
      UnsafePointer<binade_tile_rows>?, UnsafePointer<Int8>?, UnsafePointer<Int32>?,
      UnsafeMutablePointer<Int32>?, Int, Int, Int, Bool
    ) -> Void

  /// The name, for reports and the command line.
  package let name: String
  /// What the processor must have.
  let required: CPUFeatures
  /// The instruction sets it uses for what is not a matrix product.
  let features: CPUFeatures
  /// The tile it computes.
  package let tile: TileShape
  /// Nil for the portable row.
  private let compute: Tile?
  /// Groups that may be summed in 16 bits; `Int.max` for kernels that sum in 32 bits.
  private let safeGroupCount: Int

  /// Runs everywhere.
  package static let portable = ByteMicroKernel(
    name: "int8 portable",
    required: .portable,
    features: .portable,
    tile: TileShape(rows: 4, columns: 16),
    compute: nil,
    safeGroupCount: .max
  )
  /// AVX2: thirty-two products per instruction, summed in 16 bits as long as that is exact.
  ///
  /// Nil when the products are so great that widening would cost more than 16-bit operands do.
  static func avx2(greatestProduct: Int) -> ByteMicroKernel? {
    // Each 16-bit lane takes two products per group of four.
    let safeGroupCount = Int(Int16.max) / (2 * max(greatestProduct, 1))
    guard safeGroupCount >= 8 else { return nil }
    return ByteMicroKernel(
      name: "int8 avx2",
      required: .avx2,
      features: .avx2,
      tile: TileShape(rows: Int(BINADE_AVX2_ROWS), columns: Int(BINADE_AVX2_COLUMNS)),
      compute: binade_gemm_u8s8_avx2,
      safeGroupCount: safeGroupCount
    )
  }
  /// AVX-VNNI: 256 bits.
  static let avxVNNI = ByteMicroKernel(
    name: "int8 avxvnni",
    required: .avxVNNI,
    features: .avx2,
    tile: TileShape(rows: Int(BINADE_AVX2_ROWS), columns: Int(BINADE_AVX2_COLUMNS)),
    compute: binade_gemm_u8s8_avxvnni,
    safeGroupCount: .max
  )
  /// AVX-512 with VNNI: sixty-four products per instruction.
  static let avx512VNNI = ByteMicroKernel(
    name: "int8 avx512vnni",
    required: .avx512VNNI,
    features: .avx512,
    tile: TileShape(rows: Int(BINADE_AVX512_ROWS), columns: Int(BINADE_AVX512_COLUMNS)),
    compute: binade_gemm_u8s8_vnni,
    safeGroupCount: .max
  )

  /// Those for products of at most `greatestProduct`, the fastest first; sums are exact, so all give the same bits.
  ///
  /// The portable one comes last and is slower than 16-bit operands.
  static func rows(greatestProduct: Int) -> [ByteMicroKernel] {
    [avx512VNNI, avxVNNI, avx2(greatestProduct: greatestProduct), portable].compactMap { $0 }
  }

  static let depthGroup = 4
  var depthBlock: Int { 1024 }

  func computeTile(
    _ a: inout binade_tile_rows,
    b: UnsafePointer<Int8>,
    start: UnsafePointer<Int32>?,
    c: UnsafeMutablePointer<Int32>,
    rowStride: Int,
    columns: Int,
    accumulate: Bool
  ) {
    if let compute {
      compute(&a, b, start, c, rowStride, columns, safeGroupCount, accumulate)
      return
    }
    for i in 0..<tile.rows {
      for j in 0..<columns {
        var sum = accumulate ? c[i * rowStride + j] : start?[j] ?? 0
        var right = b + 4 * j
        for t in 0..<a.tap_count {
          for p in 0..<a.group_count {
            for q in 0..<4 {
              sum += Int32(a.operand(row: i, tap: t, step: 4 * p + q, as: UInt8.self)) * Int32(right[q])
            }
            right += 4 * columns
          }
        }
        c[i * rowStride + j] = sum
      }
    }
  }
}
