import BinadeNumerics
import CBinadeKernels

/// Integer and fixed-point accumulators in lanes of float64, bit for bit as ``ReferenceAccumulation`` has them: any
/// rounding rule and order, saturating or wrapping, on every instruction set.
///
/// `binade_fixed.h` has the representation and why it rounds once.
struct FixedPointLanes: Sendable {
  /// What is computed.
  let model: AccumulatorModel
  private let lanes: binade_fixed
  private let vectors: AccumulationTile
  private let product: ElementRounding?
  private let outer: OuterSum?

  /// Nil where lanes of float64 do not hold the accumulator or the groups of products exactly.
  init?(_ model: AccumulatorModel, _ left: OperandBounds, _ right: OperandBounds, _ vectors: AccumulationTile)
  {
    guard model.alignment == nil else { return nil }
    var terms = ProductBounds(left, right, count: model.interval)
    if let format = model.product {
      guard ProductBounds(left, right, count: 1).areFloats,
        let rounding = ElementRounding(format, vectors)
      else { return nil }
      product = rounding
      guard let codec = format.codec else { return nil }
      terms = ProductBounds(OperandBounds(codec), OperandBounds([1]), count: model.interval)
    } else {
      product = nil
    }
    guard
      var lanes = binade_fixed(
        model.sum,
        limitExponent: terms.limitExponent,
        mayBeSpecial: !(left.areFinite && right.areFinite)
      )
    else { return nil }
    // A product of two Floats has 48 bits.
    if terms.sumPrecision > 52 {
      guard product == nil, lanes.overflow != UInt32(BINADE_FIXED_WRAP_WIDE),
        let split = terms.splitExponent
      else { return nil }
      lanes.split = 0x1.8p52 * Double(sign: .plus, exponent: split, significand: 1)
    }
    self.model = model
    self.lanes = lanes
    self.vectors = vectors
    if case .chunked(_, let format) = model.order { outer = OuterSum(format) } else { outer = nil }
  }

  /// In words, for reports.
  var name: String {
    "fixed point in float64 lanes" + (product.map { ", products by \($0.name)" } ?? "")
  }

  /// Computes one tile from packed operands, as ``RoundedMicroKernel`` lays them out.
  func computeTile(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>,
    _ rowStride: Int
  ) {
    switch model.order {
    case .sequential: computeSequence(depth, a, b, c, rowStride)
    case .chunked(let length, _): computeChunks(length, depth, a, b, c, rowStride)
    case .pairwise: computeTree(depth, a, b, c, rowStride)
    }
  }

  private func computeSequence(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>,
    _ rowStride: Int
  ) {
    withTiles(1) { sum in
      accumulate(depth, a, b, into: sum)
      for i in 0..<vectors.rows {
        for j in 0..<vectors.columns {
          c[i * rowStride + j] = Float(sum[i * vectors.columns + j] - lanes.zero)
        }
      }
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
    guard let outer else { preconditionFailure("chunks of '\(name)' have nothing to be added in") }
    withTiles(2) { total in
      let chunk = total + vectors.count
      total.update(repeating: model.result.rounded(0), count: vectors.count)
      for start in stride(from: 0, to: depth, by: length) {
        accumulate(
          min(length, depth - start),
          a + start * vectors.rows,
          b + start * vectors.columns,
          into: chunk
        )
        for index in 0..<vectors.count {
          total[index] = outer.adding(chunk[index] - lanes.zero, to: total[index])
        }
      }
      for i in 0..<vectors.rows {
        for j in 0..<vectors.columns {
          let sum = total[i * vectors.columns + j]
          c[i * rowStride + j] = sum.isNaN ? .nan : Float(sum)
        }
      }
    }
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
        let (one, two) = (stack + (height - 2) * vectors.count, stack + (height - 1) * vectors.count)
        for index in 0..<vectors.count { two[index] -= lanes.zero }
        add(two, to: one)
        height -= 1
      }
      for leaf in 0..<leaves {
        let start = leaf * model.interval
        accumulate(
          min(model.interval, depth - start),
          a + start * vectors.rows,
          b + start * vectors.columns,
          into: stack + height * vectors.count
        )
        height += 1
        for _ in 0..<(leaf + 1).trailingZeroBitCount { addTop() }
      }
      while height > 1 { addTop() }
      for i in 0..<vectors.rows {
        for j in 0..<vectors.columns {
          c[i * rowStride + j] = Float(stack[i * vectors.columns + j] - lanes.zero)
        }
      }
    }
  }

  /// One accumulator over some products, from zero.
  private func accumulate(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    into sum: UnsafeMutablePointer<Double>
  ) {
    sum.update(repeating: lanes.zero, count: vectors.count)
    guard let product else {
      withUnsafePointer(to: lanes) { lanes in
        switch vectors.instructionSet {
        case .avx512: binade_fixed_accumulate_avx512(depth, model.interval, a, b, sum, lanes)
        case .avx2: binade_fixed_accumulate_avx2(depth, model.interval, a, b, sum, lanes)
        case nil: binade_fixed_accumulate_portable(depth, model.interval, a, b, sum, lanes)
        }
      }
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

  /// sum = sum + terms, rounded.
  private func add(_ terms: UnsafePointer<Double>, to sum: UnsafeMutablePointer<Double>) {
    withUnsafePointer(to: lanes) { lanes in
      switch vectors.instructionSet {
      case .avx512: binade_fixed_add_avx512(terms, sum, lanes)
      case .avx2: binade_fixed_add_avx2(terms, sum, lanes)
      case nil: binade_fixed_add_portable(terms, sum, lanes)
      }
    }
  }

  /// Scratch memory for `count` tiles.
  private func withTiles(_ count: Int, _ body: (UnsafeMutablePointer<Double>) -> Void) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(count, 1) * vectors.count) { memory in
      guard let base = memory.baseAddress else { return }
      base.initialize(repeating: lanes.zero, count: max(count, 1) * vectors.count)
      body(base)
    }
  }
}

extension binade_fixed {
  /// The lanes of an accumulator; nil for formats and policies without them.
  ///
  /// `limitExponent`: what is added is below two to this power; nil for no bound.
  init?(_ sum: AccumulatorFormat, limitExponent: Int?, mayBeSpecial: Bool) {
    let width = sum.bitWidth
    let isFixedPoint = sum.fixedPoint != nil || sum.format is IntegerFormat
    guard isFixedPoint, WideFixedPoint.bitWidths.contains(width), sum.policy.dialect == nil else {
      return nil
    }
    self.init()
    let range = sum.range
    let step = sum.quantum
    zero = 0x1.8p52 * step
    least = zero + range.least
    greatest = zero + range.greatest
    half_step = step / 2
    may_be_special = mayBeSpecial
    rule =
      switch sum.policy.rounding {
      case .nearestEven: UInt32(BINADE_FIXED_NEAREST_EVEN)
      case .nearestAway: UInt32(BINADE_FIXED_NEAREST_AWAY)
      case .towardZero: UInt32(BINADE_FIXED_TOWARD_ZERO)
      case .awayFromZero: UInt32(BINADE_FIXED_AWAY_FROM_ZERO)
      case .up: UInt32(BINADE_FIXED_UP)
      case .down: UInt32(BINADE_FIXED_DOWN)
      case .toOdd: UInt32(BINADE_FIXED_TO_ODD)
      }
    guard sum.wraps else {
      overflow = UInt32(BINADE_FIXED_SATURATE)
      // What leaves the range becomes the end of it, under every rule for overflow.
      guard sum.rounded(.infinity) == range.greatest, sum.rounded(-.infinity) == range.least,
        sum.rounded(4 * range.greatest + 4) == range.greatest,
        sum.rounded(4 * range.least - 4) == range.least, sum.rounded(.nan) == 0
      else { return nil }
      return
    }
    let turn = Double(sign: .plus, exponent: width, significand: step)
    code_mask = 1 << Int64(width) - 1
    turns = 0x1.8p52 * turn
    only_turns = 0x1p51 * turn
    let areShort = limitExponent.map { $0 - Int(step.exponent) <= 50 } ?? false
    overflow = UInt32((areShort ? BINADE_FIXED_WRAP : BINADE_FIXED_WRAP_WIDE))
  }
}

extension ProductBounds {
  /// e, where the parts of products from 2^e on and those below have exact sums of 52 bits each; nil where no place does.
  fileprivate var splitExponent: Int? {
    // Lower parts are at most half of 2^e.
    let place = 53 + leastExponent - Self.log2RoundedUp(count)
    return limitExponent <= place + 51 ? place : nil
  }
}

extension ElementRounding {
  /// The rounding of lanes on an instruction set: plain Swift has no closed form.
  init?(_ target: AccumulatorFormat, _ vectors: AccumulationTile) {
    if vectors.instructionSet != nil {
      self.init(target)
    } else if target.isDecidedByOddFloats, let codec = target.codec {
      self = .codec(codec)
    } else {
      return nil
    }
  }
}
