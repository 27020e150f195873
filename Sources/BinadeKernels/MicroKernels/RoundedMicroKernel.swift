import BinadeNumerics
import CBinadeKernels

/// float32 operands; sums in an accumulator of some format, bit for bit as ``ReferenceAccumulation`` has them.
///
/// The fastest arithmetic that is exact for the operands is chosen once; where none is, the reference runs. Infinities and
/// NaNs among the operands behave as in the reference; NaNs are given as `Float.nan`.
package struct RoundedMicroKernel: MicroKernel {
  typealias RowOperand = Float
  typealias ColumnOperand = Float
  typealias Sum = Float

  /// What is computed.
  package let model: AccumulatorModel
  private let vectors: AccumulationTile
  private let plan: AccumulationPlan
  /// How chunks are added to the outer accumulator, or the nodes of the tree to each other.
  private let combination: SumRounding?
  /// Instead of `plan`, where that is slow.
  private let lanes64: Lanes64?

  /// Chooses the arithmetic.
  ///
  /// `left`, `right`: bounds that every operand keeps to.
  package init(
    _ model: AccumulatorModel,
    left: OperandBounds,
    right: OperandBounds,
    features: CPUFeatures = .detected
  ) {
    self.model = model
    vectors = AccumulationTile(features)
    var plan = AccumulationPlan(model, left, right, vectors)
    var combination: SumRounding?
    switch model.order {
    case .sequential: break
    case .pairwise where model.sum.wraps: break
    case .pairwise, .chunked:
      // Partial results pass through float32 tiles.
      var isHeld = true
      if case .integer(let lanes) = plan { isHeld = lanes.bitWidth <= 24 }
      combination = isHeld ? SumRounding(model.result) : nil
      if combination == nil, case .reference = plan {
      } else if combination == nil {
        plan = .reference("partial sums in \(model.sum.description) have no kernel to add them")
      }
    }
    if model.sum.wraps, case .pairwise = model.order, model.product != nil {
      plan = .reference("rounded products in a tree that wraps around have no kernel")
    }
    self.plan = plan
    self.combination = combination
    switch plan {
    case .integer, .fused, .aligned: lanes64 = nil
    case .stepwise, .wide, .reference: lanes64 = Lanes64(model, left, right, vectors)
    }
  }

  /// The instruction set and the arithmetic, for reports.
  package var name: String { "\(vectors.name), \(lanes64?.name ?? plan.name)" }
  /// Whether the scalar reference runs.
  package var isReference: Bool { referenceReason != nil }
  /// Why the scalar reference runs; nil where it does not.
  package var referenceReason: String? {
    if lanes64 == nil, case .reference(let reason) = plan { return reason }
    return nil
  }
  /// The tile it computes.
  package var tile: TileShape { TileShape(rows: vectors.rows, columns: vectors.columns) }

  static let depthGroup = 1
  static let halvesPanels = false
  /// Groups, chunks and trees are counted from the first product.
  var depthBlock: Int { Int.max }

  func computeTile(
    _ a: inout binade_tile_rows,
    b: UnsafePointer<Float>,
    start: UnsafePointer<Float>?,
    c: UnsafeMutablePointer<Float>,
    rowStride: Int,
    columns: Int,
    accumulate: Bool
  ) {
    precondition(
      !accumulate && columns == vectors.columns,
      "a rounded accumulator sees its whole depth and whole panels in one call"
    )
    let depth = a.tap_count * a.group_count
    withUnsafeTemporaryAllocation(of: SIMD4<Float>.self, capacity: max(depth, 1)) { memory in
      guard let packed = memory.baseAddress else { return }
      gather(a, into: packed)
      packed.withMemoryRebound(to: Float.self, capacity: 4 * depth) {
        computeTile(depth, $0, b, c, rowStride)
      }
    }
  }

  /// Lays the rows of a tile side by side, one value of each per step of depth; every NaN becomes `Float.nan`.
  private func gather(_ a: binade_tile_rows, into packed: UnsafeMutablePointer<SIMD4<Float>>) {
    precondition(vectors.rows == 4, "tiles of \(vectors.rows) rows are not gathered in fours")
    guard let row0 = a.rows[0], let row1 = a.rows[1], let row2 = a.rows[2], let row3 = a.rows[3] else {
      preconditionFailure("a row of the tile has no address")
    }
    var target = packed
    for tap in 0..<a.tap_count {
      let offset = a.offsets[tap]
      gather(row0 + offset, row1 + offset, row2 + offset, row3 + offset, count: a.group_count, into: target)
      target += a.group_count
    }
  }

  @inline(__always)
  private func gather(
    _ row0: UnsafeRawPointer,
    _ row1: UnsafeRawPointer,
    _ row2: UnsafeRawPointer,
    _ row3: UnsafeRawPointer,
    count: Int,
    into target: UnsafeMutablePointer<SIMD4<Float>>
  ) {
    func four(_ row: UnsafeRawPointer, _ p: Int) -> SIMD4<Float> {
      let values = row.loadUnaligned(fromByteOffset: 4 * p, as: SIMD4<Float>.self)
      return values.replacing(with: .nan, where: values .!= values)
    }
    func one(_ row: UnsafeRawPointer, _ p: Int) -> Float {
      row.loadUnaligned(fromByteOffset: 4 * p, as: Float.self).withOneNaN
    }
    let whole = count & ~3
    for p in stride(from: 0, to: whole, by: 4) {
      let (x, y, z, w) = (four(row0, p), four(row1, p), four(row2, p), four(row3, p))
      target[p] = SIMD4(x[0], y[0], z[0], w[0])
      target[p + 1] = SIMD4(x[1], y[1], z[1], w[1])
      target[p + 2] = SIMD4(x[2], y[2], z[2], w[2])
      target[p + 3] = SIMD4(x[3], y[3], z[3], w[3])
    }
    for p in whole..<count { target[p] = SIMD4(one(row0, p), one(row1, p), one(row2, p), one(row3, p)) }
  }

  private func computeTile(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>,
    _ rowStride: Int
  ) {
    if let lanes64 {
      lanes64.computeTile(depth, a, b, c, rowStride)
      return
    }
    if case .reference = plan {
      computeReference(depth, a, b, c, rowStride)
      return
    }
    switch model.order {
    case .sequential: computeSequence(depth, a, b, c, rowStride)
    case .chunked(let length, _): computeChunks(length, depth, a, b, c, rowStride)
    case .pairwise:
      // Reduction modulo a power of two commutes with addition: the order does not matter.
      if combination == nil {
        computeSequence(depth, a, b, c, rowStride)
      } else {
        computeTree(depth, a, b, c, rowStride)
      }
    }
  }

  private func computeReference(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>,
    _ rowStride: Int
  ) {
    let (rows, columns) = (vectors.rows, vectors.columns)
    for i in 0..<rows {
      for j in 0..<columns {
        let sum = ReferenceAccumulation.dot(
          count: depth,
          { a[$0 * rows + i] },
          { b[$0 * columns + j] },
          model
        )
        c[i * rowStride + j] = sum.nearestFloat
      }
    }
  }

  /// One accumulator from the first product to the last.
  private func computeSequence(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>,
    _ rowStride: Int
  ) {
    switch plan {
    case .fused(let rounding):
      vectors.accumulate(
        depth,
        interval: model.interval,
        a,
        b,
        into: c,
        rowStride: rowStride,
        accumulate: false,
        rounding
      )
    case .integer(let lanes):
      vectors.accumulate(depth, interval: model.interval, a, b, into: c, rowStride: rowStride, lanes)
    case .stepwise, .wide, .aligned:
      computeSteps(depth, a, b, c, rowStride)
    case .reference:
      preconditionFailure("the reference sums whole tiles")
    }
  }

  /// The same, one group of products at a time.
  private func computeSteps(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>,
    _ rowStride: Int
  ) {
    withTiles(2) { total, scratch in
      total.initialize(repeating: Float(model.sum.rounded(0)), count: vectors.count)
      for start in stride(from: 0, to: depth, by: model.interval) {
        let count = min(model.interval, depth - start)
        let (left, right) = (a + start * vectors.rows, b + start * vectors.columns)
        switch plan {
        case .stepwise(let product, let sum):
          vectors.products(count, left, right, into: scratch)
          if let product { vectors.round(scratch, product) }
          vectors.add(scratch, to: total, sum)
        case .wide(let sum):
          vectors.addProducts(count, left, right, to: total, sum)
        case .aligned(let alignment, let rounding):
          vectors.align(count, left, right, total, into: total, alignment)
          if let rounding { vectors.round(total, rounding) }
        case .fused, .integer, .reference:
          preconditionFailure("'\(name)' does not go step by step")
        }
      }
      copy(total, to: c, rowStride)
    }
  }

  private func computeChunks(
    _ length: Int,
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>,
    _ rowStride: Int
  ) {
    guard let combination else { preconditionFailure("chunks of '\(name)' cannot be added") }
    withTiles(2) { total, chunk in
      total.initialize(repeating: Float(model.result.rounded(0)), count: vectors.count)
      for start in stride(from: 0, to: depth, by: length) {
        computeSequence(
          min(length, depth - start),
          a + start * vectors.rows,
          b + start * vectors.columns,
          chunk,
          vectors.columns
        )
        vectors.add(chunk, to: total, combination)
      }
      copy(total, to: c, rowStride)
    }
  }

  /// The tree, from left to right: subtrees of equal size are added as soon as there are two, what is left at the end from
  /// the smallest to the greatest.
  private func computeTree(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>,
    _ rowStride: Int
  ) {
    guard let combination else { preconditionFailure("sums of '\(name)' cannot be added") }
    let leaves = (depth + model.interval - 1) / model.interval
    let levels = Int.bitWidth - leaves.leadingZeroBitCount + 1
    withTiles(levels) { stack, _ in
      var height = 0
      func addTop() {
        vectors.add(
          stack + (height - 1) * vectors.count,
          to: stack + (height - 2) * vectors.count,
          combination
        )
        height -= 1
      }
      for leaf in 0..<leaves {
        let start = leaf * model.interval
        computeSequence(
          min(model.interval, depth - start),
          a + start * vectors.rows,
          b + start * vectors.columns,
          stack + height * vectors.count,
          vectors.columns
        )
        height += 1
        for _ in 0..<(leaf + 1).trailingZeroBitCount { addTop() }
      }
      while height > 1 { addTop() }
      copy(stack, to: c, rowStride)
    }
  }

  /// Scratch memory for `count` tiles; the second pointer is the second tile.
  private func withTiles(
    _ count: Int,
    _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(count, 2) * vectors.count) { memory in
      guard let base = memory.baseAddress else { return }
      base.initialize(repeating: 0, count: max(count, 2) * vectors.count)
      body(base, base + vectors.count)
    }
  }

  private func copy(_ source: UnsafePointer<Float>, to c: UnsafeMutablePointer<Float>, _ rowStride: Int) {
    for i in 0..<vectors.rows {
      (c + i * rowStride).update(from: source + i * vectors.columns, count: vectors.columns)
    }
  }
}

extension Float {
  /// The number, or the one NaN that rounded accumulators know.
  var withOneNaN: Float { isNaN ? .nan : self }
}
