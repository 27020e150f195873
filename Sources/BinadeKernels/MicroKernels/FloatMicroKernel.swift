import CBinadeKernels

/// float32 operands and sums; one fused multiply-add per product, in the order of depth.
package struct FloatMicroKernel: MicroKernel, KernelRow {
  typealias RowOperand = Float
  typealias ColumnOperand = Float
  typealias Sum = Float
  private typealias Tile =
    @Sendable @convention(c) (
      UnsafePointer<binade_tile_rows>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Int, Bool
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
  /// Whether subnormal operands, sums and results count as 0, as VDPBF16PS has it.
  private(set) var flushesSubnormals = false

  /// Runs everywhere; slow where the compiler's baseline has no fused multiply-add.
  package static let portable = FloatMicroKernel(
    name: "float32 portable",
    required: .portable,
    features: .portable,
    tile: TileShape(rows: 4, columns: 16),
    compute: nil
  )
  /// AVX2 and FMA.
  static let avx2 = FloatMicroKernel(
    name: "float32 avx2",
    required: .avx2,
    features: .avx2,
    tile: TileShape(rows: Int(BINADE_AVX2_ROWS), columns: Int(BINADE_AVX2_COLUMNS)),
    compute: binade_gemm_f32_avx2
  )
  /// AVX-512.
  static let avx512 = FloatMicroKernel(
    name: "float32 avx512",
    required: .avx512,
    features: .avx512,
    tile: TileShape(rows: Int(BINADE_AVX512_ROWS), columns: Int(BINADE_AVX512_COLUMNS)),
    compute: binade_gemm_f32_avx512
  )
  /// NEON.
  static let neon = FloatMicroKernel(
    name: "float32 neon",
    required: .neon,
    features: .neon,
    tile: TileShape(rows: Int(BINADE_NEON_ROWS), columns: Int(BINADE_NEON_COLUMNS)),
    compute: binade_gemm_f32_neon
  )

  /// The fastest first; every row fuses multiply and add, so all give the same bits.
  static let rows = [avx512, avx2, neon, portable]

  static let depthGroup = 1
  var depthBlock: Int { 384 }

  /// The same, with subnormal operands, sums and results taken for 0: what the instruction of ``BFloat16MicroKernel``
  /// computes, for operands that are bfloat16 values.
  var flushingSubnormals: FloatMicroKernel {
    var kernel = self
    kernel.flushesSubnormals = true
    return kernel
  }

  func computeTile(
    _ a: inout binade_tile_rows,
    b: UnsafePointer<Float>,
    start: UnsafePointer<Float>?,
    c: UnsafeMutablePointer<Float>,
    rowStride: Int,
    columns: Int,
    accumulate: Bool
  ) {
    let before = flushesSubnormals ? binade_flush_begin() : 0
    defer { if flushesSubnormals { binade_flush_end(before) } }
    if let compute {
      compute(&a, b, c, rowStride, columns, accumulate)
      return
    }
    for i in 0..<tile.rows {
      for j in 0..<columns {
        var sum = accumulate ? c[i * rowStride + j] : 0
        var right = b + j
        for t in 0..<a.tap_count {
          for p in 0..<a.group_count {
            sum.addProduct(a.operand(row: i, tap: t, step: p, as: Float.self), right.pointee)
            right += columns
          }
        }
        c[i * rowStride + j] = sum
      }
    }
  }
}
