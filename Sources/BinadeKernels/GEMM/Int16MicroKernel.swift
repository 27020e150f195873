import CBinadeKernels

/// int16 operands in pairs along the depth, exact int32 sums.
///
/// - Error: none while `depth * max|a| * max|b| < 2^31`, which the caller guarantees.
public struct Int16MicroKernel: MicroKernel {
  private enum Implementation: Sendable { case portable, avx2 }

  /// The name, for reports and the command line.
  public let name: String
  private let implementation: Implementation

  /// Runs everywhere.
  public static let portable = Int16MicroKernel(name: "int16 portable", implementation: .portable)
  /// AVX2: sixteen products per instruction.
  static let avx2 = Int16MicroKernel(name: "int16 avx2", implementation: .avx2)

  /// Consecutive steps of depth stored together.
  public static let depthGroup = 2
  /// The zero of an operand.
  public static let zero: Int16 = 0
  /// The zero of a sum.
  public static let zeroSum: Int32 = 0

  /// Computes one full tile, in the order of depth.
  public func computeTile(
    groups: Int,
    a: UnsafePointer<Int16>,
    b: UnsafePointer<Int16>,
    c: UnsafeMutablePointer<Int32>,
    rowStride: Int,
    accumulate: Bool
  ) {
    switch implementation {
    case .avx2:
      binade_gemm_s16_avx2(groups, a, b, c, rowStride, accumulate)
    case .portable:
      for i in 0..<Tile.rows {
        for j in 0..<Tile.columns {
          var sum = accumulate ? c[i * rowStride + j] : 0
          for p in 0..<groups {
            let (aPair, bPair) = (2 * (p * Tile.rows + i), 2 * (p * Tile.columns + j))
            sum += Int32(a[aPair]) * Int32(b[bPair])
            sum += Int32(a[aPair + 1]) * Int32(b[bPair + 1])
          }
          c[i * rowStride + j] = sum
        }
      }
    }
  }
}
