import BinadeNumerics
import CBinadeKernels

/// Matrix units whose aligned terms need more than 32 bits, in lanes of float64, bit for bit as ``ReferenceAccumulation``
/// has them.
struct AlignedLanes: Sendable {
  private let model: AccumulatorModel
  private let lanes: binade_aligned
  private let vectors: AccumulationTile
  private let rounding: Rounding
  private let outer: OuterSum?

  /// How the exact sum of a group becomes the accumulator.
  private enum Rounding: Sendable {
    /// A float32, rounded as a lane, of which the bits of a mask are kept.
    case float32(lane: UInt32, mask: UInt32)
    /// Rounded to odd, then to a format.
    case element(ElementRounding)
    case fixedPoint(binade_fixed)
  }

  /// Nil for models without alignment, in a tree or with rounded products, and where lanes are not exact.
  init?(_ model: AccumulatorModel, _ left: OperandBounds, _ right: OperandBounds, _ vectors: AccumulationTile)
  {
    guard let alignment = model.alignment, model.product == nil else { return nil }
    if case .pairwise = model.order { return nil }
    let kept = alignment.fractionBitCount
    // A product of significands is below 4.
    let bits = kept + 2 + ProductBounds.log2RoundedUp(model.interval + 1)
    guard kept <= 48, bits <= 51 else { return nil }
    var lanes = binade_aligned()
    lanes.fraction_bits = Int32(kept)
    if case .ofFactors(let leastLeft, let leastRight) = alignment.productExponent {
      guard [leastLeft, leastRight].allSatisfy({ (-149...127).contains($0) }) else { return nil }
      lanes.adds_operand_exponents = true
      lanes.least_a = Double(sign: .plus, exponent: leastLeft, significand: 1)
      lanes.least_b = Double(sign: .plus, exponent: leastRight, significand: 1)
    }
    if let float32 = Self.float32Rounding(model.sum) {
      rounding = float32
    } else if let fixed = binade_fixed(model.sum, limitExponent: nil, mayBeSpecial: true) {
      rounding = .fixedPoint(fixed)
    } else if let element = ElementRounding(model.sum, vectors) {
      rounding = .element(element)
    } else {
      return nil
    }
    self.model = model
    self.lanes = lanes
    self.vectors = vectors
    if case .chunked(_, let format) = model.order { outer = OuterSum(format) } else { outer = nil }
  }

  /// Rounding to float32, or cutting to fewer significand bits; nil for others.
  private static func float32Rounding(_ sum: AccumulatorFormat) -> Rounding? {
    guard let form = binade_sum_rounding(sum) else { return nil }
    let isNearest = form.rule == UInt32(BINADE_RULE_NEAREST_EVEN)
    if form.grid == UInt32(BINADE_GRID_FLOAT) {
      return .float32(lane: UInt32((isNearest ? BINADE_LANE_NEAREST : BINADE_LANE_ZERO)), mask: .max)
    }
    // Cutting twice is cutting once.
    guard form.grid == UInt32(BINADE_GRID_BITS), !isNearest, form.overflow == UInt32(BINADE_OVERFLOW_CARRY)
    else { return nil }
    return .float32(lane: UInt32(BINADE_LANE_ZERO), mask: .max << form.discarded_bits)
  }

  /// In words, for reports.
  var name: String { "aligned in float64 lanes" }

  /// Computes one tile from packed operands, as ``RoundedMicroKernel`` lays them out.
  func computeTile(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>,
    _ rowStride: Int
  ) {
    let count = vectors.count
    var total = [AccumulatorValue](repeating: model.result.value(0), count: count)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { tile in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { scratch in
        guard let sum = tile.baseAddress, let scratch = scratch.baseAddress else { return }
        scratch.initialize(repeating: 0, count: count)
        let length: Int
        if case .chunked(let chunk, _) = model.order { length = chunk } else { length = max(depth, 1) }
        for start in stride(from: 0, to: depth, by: length) {
          accumulate(start..<min(start + length, depth), a, b, into: sum, scratch)
          for index in 0..<count {
            let value = AccumulatorValue(sum[index])
            total[index] = outer?.adding(value, to: total[index]) ?? value
          }
        }
        for i in 0..<vectors.rows {
          for j in 0..<vectors.columns {
            c[i * rowStride + j] = total[i * vectors.columns + j].nearestFloat
          }
        }
      }
    }
  }

  /// One accumulator over some products, from zero.
  private func accumulate(
    _ range: Range<Int>,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    into sum: UnsafeMutablePointer<Double>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    sum.initialize(repeating: model.sum.rounded(0), count: vectors.count)
    for start in stride(from: range.lowerBound, to: range.upperBound, by: model.interval) {
      let count = min(model.interval, range.upperBound - start)
      add(count, a + start * vectors.rows, b + start * vectors.columns, to: sum)
      round(sum, scratch)
    }
  }

  /// sum = sum + `count` aligned products.
  private func add(
    _ count: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    to sum: UnsafeMutablePointer<Double>
  ) {
    withUnsafePointer(to: lanes) { lanes in
      switch vectors.instructionSet {
      case .avx512: binade_aligned_add_avx512(count, a, b, sum, lanes)
      case .avx2: binade_aligned_add_avx2(count, a, b, sum, lanes)
      case nil: binade_aligned_add_portable(count, a, b, sum, lanes)
      }
    }
  }

  private func round(_ sum: UnsafeMutablePointer<Double>, _ scratch: UnsafeMutablePointer<Float>) {
    let count = vectors.count
    switch rounding {
    case .float32(let lane, let mask):
      narrow(sum, scratch, lane)
      for index in 0..<count {
        sum[index] = Double(Float(bitPattern: scratch[index].withOneNaN.bitPattern & mask))
      }
    case .element(let rounding):
      narrow(sum, scratch, UInt32(BINADE_LANE_ODD))
      for index in 0..<count { scratch[index] = scratch[index].withOneNaN }
      vectors.round(scratch, rounding)
      for index in 0..<count { sum[index] = Double(scratch[index]) }
    case .fixedPoint(let fixed):
      withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { lanes in
        guard let lanes = lanes.baseAddress else { return }
        lanes.initialize(repeating: fixed.zero, count: count)
        withUnsafePointer(to: fixed) { fixed in
          switch vectors.instructionSet {
          case .avx512: binade_fixed_add_avx512(sum, lanes, fixed)
          case .avx2: binade_fixed_add_avx2(sum, lanes, fixed)
          case nil: binade_fixed_add_portable(sum, lanes, fixed)
          }
        }
        for index in 0..<count { sum[index] = lanes[index] - fixed.zero }
      }
    }
  }

  private func narrow(_ sum: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Float>, _ lane: UInt32) {
    switch vectors.instructionSet {
    case .avx512: binade_aligned_narrow_avx512(sum, out, lane)
    case .avx2: binade_aligned_narrow_avx2(sum, out, lane)
    case nil: binade_aligned_narrow_portable(sum, out, lane)
    }
  }
}
