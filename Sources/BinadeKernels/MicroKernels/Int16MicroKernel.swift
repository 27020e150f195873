import CBinadeKernels

/// int16 operands in pairs along the depth, exact int32 sums.
///
/// - Error: none while `depth * max|a| * max|b| < 2^31`, which the caller guarantees.
package struct Int16MicroKernel: MicroKernel, KernelRow {
  typealias RowOperand = Int16
  typealias ColumnOperand = Int16
  typealias Sum = Int32
  private typealias Tile =
    @Sendable @convention(c) (
      UnsafePointer<binade_tile_rows>?, UnsafePointer<Int16>?, UnsafeMutablePointer<Int32>?, Int, Int, Bool
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

  /// Runs everywhere.
  package static let portable = Int16MicroKernel(
    name: "int16 portable",
    required: .portable,
    features: .portable,
    tile: TileShape(rows: 4, columns: 16),
    compute: nil
  )
  /// AVX2: sixteen products per instruction.
  static let avx2 = Int16MicroKernel(
    name: "int16 avx2",
    required: .avx2,
    features: .avx2,
    tile: TileShape(rows: Int(BINADE_AVX2_ROWS), columns: Int(BINADE_AVX2_COLUMNS)),
    compute: binade_gemm_s16_avx2
  )
  /// AVX-512: thirty-two products per instruction.
  static let avx512 = Int16MicroKernel(
    name: "int16 avx512",
    required: .avx512,
    features: .avx512,
    tile: TileShape(rows: Int(BINADE_AVX512_ROWS), columns: Int(BINADE_AVX512_COLUMNS)),
    compute: binade_gemm_s16_avx512
  )
  /// AVX-512 with VNNI: product and sum in one instruction.
  static let avx512VNNI = Int16MicroKernel(
    name: "int16 avx512vnni",
    required: .avx512VNNI,
    features: .avx512,
    tile: TileShape(rows: Int(BINADE_AVX512_ROWS), columns: Int(BINADE_AVX512_COLUMNS)),
    compute: binade_gemm_s16_vnni
  )
  /// NEON.
  static let neon = Int16MicroKernel(
    name: "int16 neon",
    required: .neon,
    features: .neon,
    tile: TileShape(rows: Int(BINADE_NEON_ROWS), columns: Int(BINADE_NEON_COLUMNS)),
    compute: binade_gemm_s16_neon
  )

  /// The fastest first; sums are exact, so all give the same bits.
  static let rows = [avx512VNNI, avx512, avx2, neon, portable]

  static let depthGroup = 2
  var depthBlock: Int { 512 }

  func computeTile(
    _ a: inout binade_tile_rows,
    b: UnsafePointer<Int16>,
    start: UnsafePointer<Int32>?,
    c: UnsafeMutablePointer<Int32>,
    rowStride: Int,
    columns: Int,
    accumulate: Bool
  ) {
    if let compute {
      compute(&a, b, c, rowStride, columns, accumulate)
      return
    }
    for i in 0..<tile.rows {
      for j in 0..<columns {
        var sum = accumulate ? c[i * rowStride + j] : 0
        var right = b + 2 * j
        for t in 0..<a.tap_count {
          for p in 0..<a.group_count {
            sum += Int32(a.operand(row: i, tap: t, step: 2 * p, as: Int16.self)) * Int32(right[0])
            sum += Int32(a.operand(row: i, tap: t, step: 2 * p + 1, as: Int16.self)) * Int32(right[1])
            right += 2 * columns
          }
        }
        c[i * rowStride + j] = sum
      }
    }
  }
}
