import BinadeNumerics
import CBinadeKernels

/// float32 operands; sums in an accumulator of some format, bit for bit as ``ReferenceAccumulation`` has them.
///
/// The fastest arithmetic that is exact for the operands is chosen once; where none is, the reference runs. Infinities and
/// NaNs among the operands behave as in the reference; NaNs are given as `Float.nan`.
public struct RoundedMicroKernel: Sendable {
  /// What is computed.
  public let model: AccumulatorModel
  private let tile: AccumulationTile
  private let plan: AccumulationPlan
  /// How chunks are added to the outer accumulator, or the nodes of the tree to each other.
  private let combination: SumRounding?

  /// Chooses the arithmetic.
  ///
  /// `left`, `right`: bounds that every operand keeps to.
  public init(
    _ model: AccumulatorModel,
    left: OperandBounds,
    right: OperandBounds,
    features: CPUFeatures = .detected
  ) {
    self.model = model
    tile = AccumulationTile(features)
    var plan = AccumulationPlan(model, left, right, tile)
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
  }

  /// The instruction set and the arithmetic, for reports.
  public var name: String { "\(tile.name), \(plan.name)" }
  /// Whether the scalar reference runs.
  public var isReference: Bool {
    if case .reference = plan { return true }
    return false
  }
  /// Rows of a tile (MR).
  public var tileRows: Int { tile.rows }
  /// Columns of a tile (NR).
  public var tileColumns: Int { tile.columns }
  /// Steps of depth that one call must see: all of them, as groups, chunks and trees are counted from the first.
  public var blockDepth: Int { Int.max }

  /// Consecutive steps of depth stored together.
  public static let depthGroup = 1
  /// The zero of an operand.
  public static let zero: Float = 0
  /// The zero of a sum.
  public static let zeroSum: Float = 0

  /// Computes one full tile, in the order of depth.
  ///
  /// - Shape: `a` holds `tileRows` and `b` `tileColumns` values per step.
  /// - Precondition: `accumulate` is false; the whole depth is seen in one call.
  public func computeTile(
    groups: Int,
    a: UnsafePointer<Float>,
    b: UnsafePointer<Float>,
    c: UnsafeMutablePointer<Float>,
    rowStride: Int,
    accumulate: Bool
  ) {
    precondition(!accumulate, "a rounded accumulator sees its whole depth in one call")
    if case .reference = plan {
      computeReference(groups, a, b, c, rowStride)
      return
    }
    switch model.order {
    case .sequential: computeSequence(groups, a, b, c, rowStride)
    case .chunked(let length, _): computeChunks(length, groups, a, b, c, rowStride)
    case .pairwise:
      // Reduction modulo a power of two commutes with addition: the order does not matter.
      if combination == nil {
        computeSequence(groups, a, b, c, rowStride)
      } else {
        computeTree(groups, a, b, c, rowStride)
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
    let (rows, columns) = (tileRows, tileColumns)
    for i in 0..<rows {
      for j in 0..<columns {
        let sum = ReferenceAccumulation.dot(
          count: depth,
          { a[$0 * rows + i] },
          { b[$0 * columns + j] },
          model
        )
        c[i * rowStride + j] = sum.isNaN ? .nan : Float(sum)
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
      tile.accumulate(
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
      tile.accumulate(depth, interval: model.interval, a, b, into: c, rowStride: rowStride, lanes)
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
      total.initialize(repeating: Float(model.sum.rounded(0)), count: tile.count)
      for start in stride(from: 0, to: depth, by: model.interval) {
        let count = min(model.interval, depth - start)
        let (left, right) = (a + start * tileRows, b + start * tileColumns)
        switch plan {
        case .stepwise(let product, let sum):
          tile.products(count, left, right, into: scratch)
          if let product { tile.round(scratch, product) }
          tile.add(scratch, to: total, sum)
        case .wide(let sum):
          tile.addProducts(count, left, right, to: total, sum)
        case .aligned(let alignment, let rounding):
          tile.align(count, left, right, total, into: total, alignment)
          if let rounding { tile.round(total, rounding) }
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
      total.initialize(repeating: Float(model.result.rounded(0)), count: tile.count)
      for start in stride(from: 0, to: depth, by: length) {
        computeSequence(
          min(length, depth - start),
          a + start * tileRows,
          b + start * tileColumns,
          chunk,
          tileColumns
        )
        tile.add(chunk, to: total, combination)
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
        tile.add(stack + (height - 1) * tile.count, to: stack + (height - 2) * tile.count, combination)
        height -= 1
      }
      for leaf in 0..<leaves {
        let start = leaf * model.interval
        computeSequence(
          min(model.interval, depth - start),
          a + start * tileRows,
          b + start * tileColumns,
          stack + height * tile.count,
          tileColumns
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
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(count, 2) * tile.count) { memory in
      guard let base = memory.baseAddress else { return }
      base.initialize(repeating: 0, count: max(count, 2) * tile.count)
      body(base, base + tile.count)
    }
  }

  private func copy(_ source: UnsafePointer<Float>, to c: UnsafeMutablePointer<Float>, _ rowStride: Int) {
    for i in 0..<tileRows {
      (c + i * rowStride).update(from: source + i * tileColumns, count: tileColumns)
    }
  }
}
