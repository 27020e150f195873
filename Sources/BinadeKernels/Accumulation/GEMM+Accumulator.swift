import BinadeNumerics

extension GEMM {
  /// Multiplies two float32 matrices with an accumulator of some format.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, all row-major.
  /// - Error: none beyond the roundings of `model`: the result equals ``ReferenceAccumulation``, bit for bit. Values that
  ///   are no Floats (integers of more than 24 bits) become the nearest Float.
  /// - Complexity: O(m·n·k). The columns of C are shared out among threads, so the result does not depend on their number.
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
  public static func multiply(
    _ a: [Float],
    _ b: [Float],
    rows m: Int,
    depth k: Int,
    columns n: Int,
    kernel: RoundedMicroKernel,
    threads: Int = 1
  ) -> [Float] {
    precondition(
      a.count == m * k && b.count == k * n,
      "\(a.count) and \(b.count) elements must fit \(m)x\(k) by \(k)x\(n)"
    )
    guard m > 0, n > 0 else { return [] }
    guard k > 0 else {
      return Array(repeating: Float(kernel.model.result.rounded(0)), count: m * n)
    }
    let (rows, columns) = (kernel.tileRows, kernel.tileColumns)
    let panels = AccumulationPanels(a, rowCount: m, depth: k, tileRows: rows)
    let blocks = (n + columns - 1) / columns
    return Array(unsafeUninitializedCapacity: m * n) { c, count in
      b.withUnsafeBufferPointer { b in
        guard let target = c.baseAddress, let right = b.baseAddress else { return }
        ParallelLoop.run(count: blocks, threads: threads) { block in
          let first = block * columns
          let width = min(columns, n - first)
          withUnsafeTemporaryAllocation(of: Float.self, capacity: (k + rows) * columns) { memory in
            guard let panel = memory.baseAddress else { return }
            let tile = panel + k * columns
            AccumulationPanels.pack(right + first, rowStride: n, width: width, depth: k, columns, into: panel)
            panels.storage.withUnsafeBufferPointer { left in
              guard let left = left.baseAddress else { return }
              for row in stride(from: 0, to: m, by: rows) {
                kernel.computeTile(
                  groups: k,
                  a: left + row * k,
                  b: panel,
                  c: tile,
                  rowStride: columns,
                  accumulate: false
                )
                for i in 0..<min(rows, m - row) {
                  (target + (row + i) * n + first).update(from: tile + i * columns, count: width)
                }
              }
            }
          }
        }
      }
      count = m * n
    }
  }
}

/// Panels of operands over the whole depth; every NaN is `Float.nan`.
struct AccumulationPanels: Sendable {
  let storage: [Float]

  /// The rows of a row-major matrix, `tileRows` to a panel, zeros where there are none.
  init(_ matrix: [Float], rowCount: Int, depth: Int, tileRows: Int) {
    var packed = [Float](repeating: 0, count: (rowCount + tileRows - 1) / tileRows * tileRows * depth)
    for row in 0..<rowCount {
      let panel = row / tileRows * tileRows * depth + row % tileRows
      for p in 0..<depth { packed[panel + p * tileRows] = Self.canonical(matrix[row * depth + p]) }
    }
    storage = packed
  }

  /// Writes some columns of a row-major matrix.
  static func pack(
    _ source: UnsafePointer<Float>,
    rowStride: Int,
    width: Int,
    depth: Int,
    _ tileColumns: Int,
    into panel: UnsafeMutablePointer<Float>
  ) {
    for p in 0..<depth {
      let row = source + p * rowStride
      let target = panel + p * tileColumns
      for j in 0..<width { target[j] = canonical(row[j]) }
      for j in width..<tileColumns { target[j] = 0 }
    }
  }

  private static func canonical(_ value: Float) -> Float { value.isNaN ? .nan : value }
}
