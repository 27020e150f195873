import CBinadeKernels

/// Sums of products in a tile of lanes, one lane for each element: the order of summation, whatever a lane is.
protocol SummationLanes: Sendable {
  /// What holds an accumulator.
  associatedtype Lane: BitwiseCopyable

  var model: AccumulatorModel { get }
  var vectors: AccumulationTile { get }
  /// The accumulator of chunks; nil in other orders.
  var outer: OuterSum? { get }
  /// How products are rounded before they are added; nil where they are not.
  var product: ElementRounding? { get }
  /// The lane that holds 0.
  var zero: Lane { get }

  /// What a lane holds.
  func value(of lane: Lane) -> AccumulatorValue

  /// Adds the products of `depth` steps to a tile, rounding after every group of the model's interval.
  func accumulate(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    to sum: UnsafeMutablePointer<Lane>
  )

  /// Adds numbers to a tile, rounding once.
  func add(_ terms: UnsafePointer<Double>, to sum: UnsafeMutablePointer<Lane>)

  /// Adds lanes to a tile, rounding once; may overwrite them.
  func addLanes(_ lanes: UnsafeMutablePointer<Lane>, to sum: UnsafeMutablePointer<Lane>)
}

extension SummationLanes {
  /// Computes one tile from packed operands, as ``RoundedMicroKernel`` lays them out.
  func computeTile(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>,
    _ rowStride: Int
  ) {
    switch model.order {
    case .sequential:
      withTiles(1) { sum in
        accumulateRounded(depth, a, b, into: sum)
        write(to: c, rowStride) { value(of: sum[$0]) }
      }
    case .chunked(let length, _): computeChunks(length, depth, a, b, c, rowStride)
    case .pairwise: computeTree(depth, a, b, c, rowStride)
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
    guard let outer else {
      preconditionFailure("chunks of '\(model.description)' have nothing to be added in")
    }
    var total = [AccumulatorValue](repeating: model.result.value(0), count: vectors.count)
    withTiles(1) { chunk in
      for start in stride(from: 0, to: depth, by: length) {
        accumulateRounded(
          min(length, depth - start),
          a + start * vectors.rows,
          b + start * vectors.columns,
          into: chunk
        )
        for index in 0..<vectors.count {
          total[index] = outer.adding(value(of: chunk[index]), to: total[index])
        }
      }
    }
    write(to: c, rowStride) { total[$0] }
  }

  /// The tree, from left to right, as ``RoundedMicroKernel`` walks it.
  private func computeTree(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>,
    _ rowStride: Int
  ) {
    let leaves = (depth + model.interval - 1) / model.interval
    let levels = Int.bitWidth - leaves.leadingZeroBitCount + 1
    withTiles(levels) { stack in
      var height = 0
      func addTop() {
        addLanes(stack + (height - 1) * vectors.count, to: stack + (height - 2) * vectors.count)
        height -= 1
      }
      for leaf in 0..<leaves {
        let start = leaf * model.interval
        accumulateRounded(
          min(model.interval, depth - start),
          a + start * vectors.rows,
          b + start * vectors.columns,
          into: stack + height * vectors.count
        )
        height += 1
        for _ in 0..<(leaf + 1).trailingZeroBitCount { addTop() }
      }
      while height > 1 { addTop() }
      write(to: c, rowStride) { value(of: stack[$0]) }
    }
  }

  /// One accumulator over some products, from zero; products are rounded first where the model says so.
  private func accumulateRounded(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    into sum: UnsafeMutablePointer<Lane>
  ) {
    sum.update(repeating: zero, count: vectors.count)
    guard let product else {
      accumulate(depth, a, b, to: sum)
      return
    }
    withUnsafeTemporaryAllocation(of: Double.self, capacity: vectors.count) { group in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: vectors.count) { terms in
        guard let group = group.baseAddress, let terms = terms.baseAddress else { return }
        terms.initialize(repeating: 0, count: vectors.count)
        for start in stride(from: 0, to: depth, by: model.interval) {
          group.initialize(repeating: 0, count: vectors.count)
          for p in start..<min(start + model.interval, depth) {
            multiply(a + p * vectors.rows, b + p * vectors.columns, into: terms)
            vectors.round(terms, product)
            for index in 0..<vectors.count { group[index] += Double(terms[index]) }
          }
          add(group, to: sum)
        }
      }
    }
  }

  /// The products of one step of depth, which are Floats.
  private func multiply(
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    into out: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<vectors.rows {
      for j in 0..<vectors.columns { out[i * vectors.columns + j] = (a[i] * b[j]).withOneNaN }
    }
  }

  private func write(
    to c: UnsafeMutablePointer<Float>,
    _ rowStride: Int,
    _ value: (Int) -> AccumulatorValue
  ) {
    for i in 0..<vectors.rows {
      for j in 0..<vectors.columns { c[i * rowStride + j] = value(i * vectors.columns + j).nearestFloat }
    }
  }

  /// Scratch memory for `count` tiles.
  private func withTiles(_ count: Int, _ body: (UnsafeMutablePointer<Lane>) -> Void) {
    withUnsafeTemporaryAllocation(of: Lane.self, capacity: max(count, 1) * vectors.count) { memory in
      guard let base = memory.baseAddress else { return }
      base.initialize(repeating: zero, count: max(count, 1) * vectors.count)
      body(base)
    }
  }
}
