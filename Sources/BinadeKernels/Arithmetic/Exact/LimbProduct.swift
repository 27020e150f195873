/// Exact sums of products by a few matrix products of limbs.
struct LimbProduct<Sum: FixedWidthInteger & SignedInteger & Sendable> {
  let plan: LimbPlan
  let a: CodedMatrix
  let b: CodedMatrix
  let kernel: Int16MicroKernel
  let threads: Int
  private let leftCodes: [UInt32]
  private let rightCodes: [UInt32]

  /// Rows and columns of a part of the result: the wide sums of a part take 16 MB at most.
  static var partExtent: Int { 1024 }
  /// Steps of depth of one matrix product, all pairs of limbs together.
  private static var greatestDepth: Int { 4096 }

  init(plan: LimbPlan, a: CodedMatrix, b: CodedMatrix, kernel: Int16MicroKernel, threads: Int) {
    self.plan = plan
    self.a = a
    self.b = b
    self.kernel = kernel
    self.threads = threads
    (leftCodes, rightCodes) = (a.codes, b.codes)
  }

  /// Returns the sums of a part of the result, in units of 2^(plan.exponent).
  func sums(rows: Range<Int>, columns: Range<Int>) -> [Sum] {
    var sums = [Sum](repeating: 0, count: rows.count * columns.count)
    for weight in plan.weights {
      let step = min(weight.depth, max(Self.greatestDepth / weight.pairs.count, 1))
      for start in stride(from: 0, to: a.columns, by: step) {
        let depth = start..<min(start + step, a.columns)
        let part = GEMM.multiply(
          leftLimbs(weight, rows: rows, depth: depth),
          rightLimbs(weight, depth: depth, columns: columns),
          rows: rows.count,
          depth: depth.count * weight.pairs.count,
          columns: columns.count,
          kernel: kernel,
          threads: threads
        )
        add(part, shiftedBy: weight.shift, to: &sums, columnCount: columns.count)
      }
    }
    return sums
  }

  /// Rows of A, each with the left limbs of all pairs one after another.
  private func leftLimbs(_ weight: LimbPlan.Weight, rows: Range<Int>, depth: Range<Int>) -> [Int16] {
    let rowLength = depth.count * weight.pairs.count
    return Array(unsafeUninitializedCapacity: rows.count * rowLength) { limbs, count in
      guard let base = limbs.baseAddress else { return }
      ParallelLoop.run(count: rows.count, threads: threads) { row in
        let first = (rows.lowerBound + row) * a.columns + depth.lowerBound
        for (place, pair) in weight.pairs.enumerated() {
          Self.look(
            up: leftCodes[first..<(first + depth.count)],
            in: plan.left[pair.left],
            into: base + row * rowLength + place * depth.count
          )
        }
      }
      count = rows.count * rowLength
    }
  }

  /// Rows of B with the right limbs of the first pair, then those of the next.
  private func rightLimbs(_ weight: LimbPlan.Weight, depth: Range<Int>, columns: Range<Int>) -> [Int16] {
    let rowCount = depth.count * weight.pairs.count
    return Array(unsafeUninitializedCapacity: rowCount * columns.count) { limbs, count in
      guard let base = limbs.baseAddress else { return }
      ParallelLoop.run(count: rowCount, threads: threads) { row in
        let pair = weight.pairs[row / depth.count]
        let first = (depth.lowerBound + row % depth.count) * b.columns + columns.lowerBound
        Self.look(
          up: rightCodes[first..<(first + columns.count)],
          in: plan.right[pair.right],
          into: base + row * columns.count
        )
      }
      count = rowCount * columns.count
    }
  }

  /// Codes are below the size of the table: `ExactProduct` has seen to it.
  private static func look(
    up codes: ArraySlice<UInt32>,
    in table: [Int16],
    into limbs: UnsafeMutablePointer<Int16>
  ) {
    codes.withUnsafeBufferPointer { codes in
      table.withUnsafeBufferPointer { table in
        guard let code = codes.baseAddress, let entry = table.baseAddress else { return }
        for index in 0..<codes.count { limbs[index] = entry[Int(code[index])] }
      }
    }
  }

  private func add(_ part: [Int32], shiftedBy shift: Int, to sums: inout [Sum], columnCount: Int) {
    sums.withUnsafeMutableBufferPointer { sums in
      guard let target = sums.baseAddress else { return }
      part.withUnsafeBufferPointer { part in
        guard let source = part.baseAddress else { return }
        let rowCount = part.count / max(columnCount, 1)
        ParallelLoop.run(count: rowCount, threads: threads) { row in
          for index in row * columnCount..<(row + 1) * columnCount {
            target[index] &+= Sum(truncatingIfNeeded: source[index]) &<< Sum(truncatingIfNeeded: shift)
          }
        }
      }
    }
  }
}
