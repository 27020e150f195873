/// Matrix products.
public enum GEMM {
  // One overload per element type instead of a public generic function: a generic one is not specialised for callers
  // in other modules.

  /// Multiplies two float32 matrices.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, all row-major.
  /// - Error: one fused multiply-add per product in the order of k, so |c - exact| <= γₖ·|a||b|,
  ///   γₖ = ku/(1 - ku), u = 2⁻²⁴ (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1).
  /// - Complexity: O(m·n·k). Blocks of C are shared out among threads, so the result does not depend on their
  ///   number.
  /// - Precondition: the element counts fit the shapes.
  public static func multiply(
    _ a: [Float],
    _ b: [Float],
    rows m: Int,
    depth k: Int,
    columns n: Int,
    threads: Int = 1
  ) -> [Float] {
    product(a, b, m, k, n, KernelTable.float32(), threads)
  }

  /// The same with a kernel chosen before.
  package static func multiply(
    _ a: [Float],
    _ b: [Float],
    rows m: Int,
    depth k: Int,
    columns n: Int,
    kernel: FloatMicroKernel,
    threads: Int = 1
  ) -> [Float] {
    product(a, b, m, k, n, kernel, threads)
  }

  /// Multiplies two float32 matrices in memory of the caller.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, `c` m x n, all row-major; `c` is written, not read.
  /// - Error: as for arrays.
  /// - Complexity: O(m·n·k); k·n elements of memory for the panels.
  public static func multiply(
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>,
    rows m: Int,
    depth k: Int,
    columns n: Int,
    threads: Int = 1
  ) {
    product(a, b, c, m, k, n, KernelTable.float32(), threads)
  }

  /// The same with a kernel chosen before.
  package static func multiply(
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>,
    rows m: Int,
    depth k: Int,
    columns n: Int,
    kernel: FloatMicroKernel,
    threads: Int = 1
  ) {
    product(a, b, c, m, k, n, kernel, threads)
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
    threads: Int = 1
  ) -> [Int32] {
    product(a, b, m, k, n, KernelTable.int16(), threads)
  }

  /// The same with a kernel chosen before.
  package static func multiply(
    _ a: [Int16],
    _ b: [Int16],
    rows m: Int,
    depth k: Int,
    columns n: Int,
    kernel: Int16MicroKernel,
    threads: Int = 1
  ) -> [Int32] {
    product(a, b, m, k, n, kernel, threads)
  }

  /// Multiplies unsigned by signed bytes.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, all row-major.
  /// - Error: none while k·max(a)·max|b| < 2^31 and, for a kernel chosen by its greatest product, while no product is
  ///   greater; the caller guarantees both.
  /// - Complexity: O(m·n·k); the result does not depend on the number of threads.
  /// - Precondition: the element counts fit the shapes.
  package static func multiply(
    _ a: [UInt8],
    _ b: [Int8],
    rows m: Int,
    depth k: Int,
    columns n: Int,
    kernel: ByteMicroKernel,
    threads: Int = 1
  ) -> [Int32] {
    product(a, b, m, k, n, kernel, threads)
  }

  static func product<Kernel: MicroKernel>(
    _ a: [Kernel.RowOperand],
    _ b: [Kernel.ColumnOperand],
    _ m: Int,
    _ k: Int,
    _ n: Int,
    _ kernel: Kernel,
    _ threads: Int
  ) -> [Kernel.Sum] where Kernel.RowOperand: ExpressibleByIntegerLiteral {
    requireFit(a.count, b.count, m, k, n)
    guard m > 0, n > 0, k > 0 else { return Array(repeating: 0, count: m * n) }
    return Array(unsafeUninitializedCapacity: m * n) { c, count in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          guard let c = c.baseAddress, let a = a.baseAddress, let b = b.baseAddress else { return }
          product(a, b, c, m, k, n, kernel, threads)
        }
      }
      count = m * n
    }
  }

  private static func product<Kernel: MicroKernel>(
    _ a: UnsafePointer<Kernel.RowOperand>,
    _ b: UnsafePointer<Kernel.ColumnOperand>,
    _ c: UnsafeMutablePointer<Kernel.Sum>,
    _ m: Int,
    _ k: Int,
    _ n: Int,
    _ kernel: Kernel,
    _ threads: Int
  ) where Kernel.RowOperand: ExpressibleByIntegerLiteral {
    guard k > 0 else {
      c.update(repeating: 0, count: m * n)
      return
    }
    guard m > 0, n > 0 else { return }
    let columns = PackedColumns(
      MatrixColumns(UnsafeBufferPointer(start: b, count: k * n), rowStride: n),
      layout: DepthLayout(depth: k),
      columnCount: n,
      kernel: kernel,
      // Bytes of the caller are not shifted: their sums start at 0.
      start: Kernel.self == ByteMicroKernel.self ? Array(repeating: 0, count: n) : nil,
      threads: threads
    )
    MatrixProduct(kernel: kernel, columns: columns).run(
      MatrixRows(a, depth: k, group: Kernel.depthGroup),
      rowCount: m,
      into: c,
      threads: threads
    )
  }

  /// Stops with the numbers when element counts do not fit the shapes, whose products must not overflow.
  static func requireFit(_ aCount: Int, _ bCount: Int, _ m: Int, _ k: Int, _ n: Int) {
    let sizes = [(m, k), (k, n), (m, n)].map { $0.multipliedReportingOverflow(by: $1) }
    precondition(
      m >= 0 && k >= 0 && n >= 0 && sizes.allSatisfy { !$0.overflow } && aCount == sizes[0].partialValue
        && bCount == sizes[1].partialValue,
      "\(aCount) and \(bCount) elements are no matrices of \(m) x \(k) and \(k) x \(n)"
    )
  }
}
