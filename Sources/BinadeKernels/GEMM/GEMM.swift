/// Matrix products.
public enum GEMM {
  /// Multiplies two float32 matrices.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, all row-major.
  /// - Error: one fused multiply-add per product in the order of k, so |c - exact| <= γₖ·|a||b|,
  ///   γₖ = ku/(1 - ku), u = 2⁻²⁴ (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1).
  /// - Complexity: O(m·n·k). The columns of C are shared out among threads, so the result does not depend on
  ///   their number.
  /// - Precondition: the element counts fit the shapes.
  public static func multiply(
    _ a: [Float],
    _ b: [Float],
    rows m: Int,
    depth k: Int,
    columns n: Int,
    kernel: FloatMicroKernel = KernelTable.float32(),
    threads: Int = 1
  ) -> [Float] {
    product(a, b, m, k, n, kernel, threads)
  }

  /// Multiplies two matrices of 16-bit integers.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, all row-major.
  /// - Error: none while k·max|a|·max|b| < 2^31; the caller guarantees it.
  /// - Complexity: O(m·n·k); the result does not depend on the number of threads.
  /// - Precondition: the element counts fit the shapes.
  public static func multiply(
    _ a: [Int16],
    _ b: [Int16],
    rows m: Int,
    depth k: Int,
    columns n: Int,
    kernel: Int16MicroKernel = KernelTable.int16(),
    threads: Int = 1
  ) -> [Int32] {
    product(a, b, m, k, n, kernel, threads)
  }

  private static func product<Kernel: MicroKernel>(
    _ a: [Kernel.Operand],
    _ b: [Kernel.Operand],
    _ m: Int,
    _ k: Int,
    _ n: Int,
    _ kernel: Kernel,
    _ threads: Int
  ) -> [Kernel.Sum] where Kernel.Operand: ExpressibleByIntegerLiteral {
    precondition(a.count == m * k && b.count == k * n, "element counts must fit \(m)x\(k) by \(k)x\(n)")
    guard m > 0, n > 0, k > 0 else { return Array(repeating: Kernel.zeroSum, count: m * n) }
    let product = BlockedProduct(
      kernel: kernel,
      rows: PackedRows<Kernel>(a, rowCount: m, depth: k)
    )
    let panelColumns = (n + Tile.columns - 1) / Tile.columns
    let chunk = max(1, panelColumns / (4 * max(threads, 1))) * Tile.columns
    return Array(unsafeUninitializedCapacity: m * n) { c, count in
      b.withUnsafeBufferPointer { b in
        guard let target = c.baseAddress, let right = b.baseAddress else { return }
        let source = MatrixSource(right, rowStride: n)
        ParallelLoop.run(count: (n + chunk - 1) / chunk, threads: threads) { index in
          withUnsafeTemporaryAllocation(
            of: Kernel.Operand.self,
            capacity: BlockedProduct<Kernel>.panelCapacity
          ) { panel in
            guard let scratch = panel.baseAddress else { return }
            product.run(
              source,
              columns: index * chunk..<min((index + 1) * chunk, n),
              into: target,
              rowStride: n,
              panel: scratch
            )
          }
        }
      }
      count = m * n
    }
  }
}
