import CBinadeKernels

/// float32 operands and sums; one fused multiply-add per product, in the order of depth.
public struct FloatMicroKernel: MicroKernel {
  private enum Implementation: Sendable { case portable, avx2 }

  /// The name, for reports and the command line.
  public let name: String
  private let implementation: Implementation

  /// Runs everywhere; slow where the compiler's baseline has no fused multiply-add.
  public static let portable = FloatMicroKernel(
    name: "float32 portable",
    implementation: .portable
  )
  /// AVX2 and FMA.
  static let avx2 = FloatMicroKernel(name: "float32 avx2", implementation: .avx2)

  /// Consecutive steps of depth stored together.
  public static let depthGroup = 1
  /// The zero of an operand.
  public static let zero: Float = 0
  /// The zero of a sum.
  public static let zeroSum: Float = 0

  /// Computes one full tile, in the order of depth.
  public func computeTile(
    groups: Int,
    a: UnsafePointer<Float>,
    b: UnsafePointer<Float>,
    c: UnsafeMutablePointer<Float>,
    rowStride: Int,
    accumulate: Bool
  ) {
    switch implementation {
    case .avx2:
      binade_gemm_f32_avx2(groups, a, b, c, rowStride, accumulate)
    case .portable:
      for i in 0..<Tile.rows {
        for j in 0..<Tile.columns {
          var sum = accumulate ? c[i * rowStride + j] : 0
          for p in 0..<groups {
            sum = sum.addingProduct(a[p * Tile.rows + i], b[p * Tile.columns + j])
          }
          c[i * rowStride + j] = sum
        }
      }
    }
  }
}
