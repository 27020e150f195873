import BinadeNumerics

extension GEMM {
  /// Multiplies two float32 matrices with an accumulator of some format.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, all row-major.
  /// - Error: none beyond the roundings of `model`: the result equals ``ReferenceAccumulation``, bit for bit. Values that
  ///   are no Floats (integers of more than 24 bits) become the nearest Float.
  /// - Complexity: O(m·n·k). Blocks of C are shared out among threads, so the result does not depend on their
  ///   number.
  /// - Precondition: the element counts fit the shapes.
  /// - Source: Higham, Accuracy and Stability of Numerical Algorithms, 2002, chapter 4.
  public static func multiply(
    _ a: [Float],
    _ b: [Float],
    rows m: Int,
    depth k: Int,
    columns n: Int,
    accumulator model: AccumulatorModel,
    features: CPUFeatures = .detected,
    threads: Int = 1
  ) -> [Float] {
    let kernel = RoundedMicroKernel(
      model,
      left: OperandBounds(a),
      right: OperandBounds(b),
      features: features
    )
    return multiply(a, b, rows: m, depth: k, columns: n, kernel: kernel, threads: threads)
  }

  /// Multiplies two float32 matrices with a kernel chosen before.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, all row-major.
  /// - Precondition: the element counts fit the shapes, and elements keep to the bounds that `kernel` was chosen for.
  package static func multiply(
    _ a: [Float],
    _ b: [Float],
    rows m: Int,
    depth k: Int,
    columns n: Int,
    kernel: RoundedMicroKernel,
    threads: Int = 1
  ) -> [Float] {
    requireFit(a.count, b.count, m, k, n)
    guard m > 0, n > 0 else { return [] }
    guard k > 0 else {
      return Array(repeating: Float(kernel.model.result.rounded(0)), count: m * n)
    }
    return product(a, b.map(\.withOneNaN), m, k, n, kernel, threads)
  }
}
