/// Matrix products as the formula reads: the twins of the blocked ones.
public enum ReferenceGEMM {
  /// c[i][j] = sum over p of a[i][p] * b[p][j], one fused multiply-add per product in the order of p.
  ///
  /// - Shape: as ``GEMM/multiply(_:_:rows:depth:columns:kernel:threads:)``.
  public static func multiply(
    _ a: [Float],
    _ b: [Float],
    rows m: Int,
    depth k: Int,
    columns n: Int
  ) -> [Float] {
    var c = [Float](repeating: 0, count: m * n)
    for i in 0..<m {
      for j in 0..<n {
        for p in 0..<k { c[i * n + j].addProduct(a[i * k + p], b[p * n + j]) }
      }
    }
    return c
  }

  /// The same for integers, exact in 64 bits.
  public static func multiply(
    _ a: [Int16],
    _ b: [Int16],
    rows m: Int,
    depth k: Int,
    columns n: Int
  ) -> [Int64] {
    var c = [Int64](repeating: 0, count: m * n)
    for i in 0..<m {
      for j in 0..<n {
        for p in 0..<k { c[i * n + j] += Int64(a[i * k + p]) * Int64(b[p * n + j]) }
      }
    }
    return c
  }
}
