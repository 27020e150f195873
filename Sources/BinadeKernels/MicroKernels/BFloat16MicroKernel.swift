import CBinadeKernels

/// bfloat16 operands in pairs along the depth, float32 sums: the sums of ``FloatMicroKernel``, bit for bit.
///
/// There is no portable row: where the instruction is absent, the float32 kernels compute the same.
///
/// - Error: as of float32, for operands that ``BFloat16Values`` has proved fit.
struct BFloat16MicroKernel: MicroKernel, KernelRow {
  typealias RowOperand = BFloat16
  typealias ColumnOperand = BFloat16
  typealias Sum = Float
  private typealias Tile =
    @Sendable @convention(c) (
      UnsafePointer<binade_tile_rows>?, UnsafePointer<UInt16>?, UnsafeMutablePointer<Float>?, Int, Int, Bool
    ) -> Void

  let name: String
  /// What the processor must have.
  let required: CPUFeatures
  let tile: TileShape
  private let compute: Tile

  /// AVX-512 with BF16: thirty-two products per instruction.
  static let avx512BF16 = BFloat16MicroKernel(
    name: "bfloat16 avx512bf16",
    required: .avx512BF16,
    tile: TileShape(rows: Int(BINADE_AVX512_ROWS), columns: Int(BINADE_AVX512_COLUMNS)),
    compute: binade_gemm_bf16_avx512
  )

  /// The fastest first.
  static let rows = [avx512BF16]

  static let depthGroup = 2
  var depthBlock: Int { 512 }

  /// VDPBF16PS adds the product of the upper halves first: the earlier step lies there.
  static func place(ofMember member: Int) -> Int { 1 - member }

  func computeTile(
    _ a: inout binade_tile_rows,
    b: UnsafePointer<BFloat16>,
    start: UnsafePointer<Float>?,
    c: UnsafeMutablePointer<Float>,
    rowStride: Int,
    columns: Int,
    accumulate: Bool
  ) {
    let panel = UnsafeRawPointer(b).assumingMemoryBound(to: UInt16.self)
    compute(&a, panel, c, rowStride, columns, accumulate)
  }
}
