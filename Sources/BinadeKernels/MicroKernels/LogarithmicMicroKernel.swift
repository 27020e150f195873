import CBinadeKernels

/// The innermost loop of a product of powers: one tile, sums in float32 in the order of depth.
///
/// Factors of A are a power of two and the number of a plane, factors of B one float32 for each plane; see
/// `binade_logarithmic.h`.
package struct LogarithmicMicroKernel: KernelRow {
  private enum Implementation: Sendable { case portable, avx2, avx512 }

  /// The name, for reports and the command line.
  package let name: String
  /// Rows of a tile.
  package let tileRows: Int
  /// Columns of a tile.
  package let tileColumns: Int
  /// What the processor must have.
  let required: CPUFeatures
  private let implementation: Implementation

  /// Runs everywhere.
  package static let portable = LogarithmicMicroKernel(
    name: "logarithmic portable",
    tileRows: Int(BINADE_LOGARITHMIC_ROWS),
    tileColumns: Int(BINADE_LOGARITHMIC_COLUMNS),
    required: .portable,
    implementation: .portable
  )
  /// AVX2 and FMA.
  static let avx2 = LogarithmicMicroKernel(
    name: "logarithmic avx2",
    tileRows: Int(BINADE_LOGARITHMIC_ROWS),
    tileColumns: Int(BINADE_LOGARITHMIC_COLUMNS),
    required: .avx2,
    implementation: .avx2
  )
  /// AVX-512.
  static let avx512 = LogarithmicMicroKernel(
    name: "logarithmic avx512",
    tileRows: Int(BINADE_LOGARITHMIC_ROWS_AVX512),
    tileColumns: Int(BINADE_LOGARITHMIC_COLUMNS_AVX512),
    required: .avx512,
    implementation: .avx512
  )

  /// The fastest first; all give the same bits.
  static let rows = [avx512, avx2, portable]

  /// Computes one full tile, in the order of depth.
  func computeTile(
    depth: Int,
    planes: Int,
    a: UnsafePointer<binade_logarithmic_factor>,
    b: UnsafePointer<Float>,
    c: UnsafeMutablePointer<Float>,
    rowStride: Int,
    accumulate: Bool
  ) {
    switch implementation {
    case .avx2:
      binade_gemm_logarithmic_avx2(depth, planes, a, b, c, rowStride, accumulate)
    case .avx512:
      binade_gemm_logarithmic_avx512(depth, planes, a, b, c, rowStride, accumulate)
    case .portable:
      for i in 0..<tileRows {
        for j in 0..<tileColumns {
          var sum = accumulate ? c[i * rowStride + j] : 0
          for p in 0..<depth {
            let factor = a[p * tileRows + i]
            // The product is exact, so that no fused operation is needed.
            sum += factor.power * b[p * planes * tileColumns + Int(factor.plane_offset) + j]
          }
          c[i * rowStride + j] = sum
        }
      }
    }
  }
}
