import CBinadeKernels

/// The innermost loop of a product of powers: one tile, sums in float32 in the order of depth.
///
/// Factors of A are a power of two and the number of a plane, factors of B one float32 for each plane; see
/// `binade_logarithmic.h`.
package struct LogarithmicMicroKernel: Sendable {
  private enum Implementation: Sendable { case portable, avx2, avx512 }

  /// The name, for reports and the command line.
  package let name: String
  /// Rows of a tile.
  package let tileRows: Int
  /// Columns of a tile.
  package let tileColumns: Int
  private let implementation: Implementation

  /// Runs everywhere.
  package static let portable = LogarithmicMicroKernel(
    name: "logarithmic portable",
    tileRows: Int(BINADE_LOGARITHMIC_ROWS),
    tileColumns: Int(BINADE_LOGARITHMIC_COLUMNS),
    implementation: .portable
  )
  /// AVX2 and FMA.
  static let avx2 = LogarithmicMicroKernel(
    name: "logarithmic avx2",
    tileRows: Int(BINADE_LOGARITHMIC_ROWS),
    tileColumns: Int(BINADE_LOGARITHMIC_COLUMNS),
    implementation: .avx2
  )
  /// AVX-512.
  static let avx512 = LogarithmicMicroKernel(
    name: "logarithmic avx512",
    tileRows: Int(BINADE_LOGARITHMIC_ROWS_AVX512),
    tileColumns: Int(BINADE_LOGARITHMIC_COLUMNS_AVX512),
    implementation: .avx512
  )

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

extension KernelTable {
  /// The kernel for products of powers on `features`: all rows give the same bits.
  package static func logarithmic(for features: CPUFeatures = .detected) -> LogarithmicMicroKernel {
    if features.contains(.avx512) { return .avx512 }
    return features.contains(.avx2) ? .avx2 : .portable
  }

  /// Every row for products of powers that can run here, for tests and benchmarks.
  package static var logarithmicRows: [LogarithmicMicroKernel] {
    var rows = [LogarithmicMicroKernel.portable]
    if CPUFeatures.detected.contains(.avx2) { rows.append(.avx2) }
    if CPUFeatures.detected.contains(.avx512) { rows.append(.avx512) }
    return rows
  }
}
