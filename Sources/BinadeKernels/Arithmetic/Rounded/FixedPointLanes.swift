import BinadeNumerics
import CBinadeKernels

/// Integer and fixed-point accumulators in lanes of float64, bit for bit as ``ReferenceAccumulation`` has them: any
/// rounding rule and order, saturating or wrapping, on every instruction set.
///
/// `binade_fixed.h` has the representation and why it rounds once.
struct FixedPointLanes: SummationLanes {
  let model: AccumulatorModel
  let vectors: AccumulationTile
  let product: ElementRounding?
  let outer: OuterSum?
  private let lanes: binade_fixed

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

  var zero: Double { lanes.zero }

  func value(of lane: Double) -> AccumulatorValue { AccumulatorValue(lane - lanes.zero) }

  func accumulate(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    to sum: UnsafeMutablePointer<Double>
  ) {
    withUnsafePointer(to: lanes) { lanes in
      switch vectors.instructionSet {
      case .avx512: binade_fixed_accumulate_avx512(depth, model.interval, a, b, sum, lanes)
      case .avx2: binade_fixed_accumulate_avx2(depth, model.interval, a, b, sum, lanes)
      case nil: binade_fixed_accumulate_portable(depth, model.interval, a, b, sum, lanes)
      }
    }
  }

  func add(_ terms: UnsafePointer<Double>, to sum: UnsafeMutablePointer<Double>) {
    withUnsafePointer(to: lanes) { lanes in
      switch vectors.instructionSet {
      case .avx512: binade_fixed_add_avx512(terms, sum, lanes)
      case .avx2: binade_fixed_add_avx2(terms, sum, lanes)
      case nil: binade_fixed_add_portable(terms, sum, lanes)
      }
    }
  }

  func addLanes(_ terms: UnsafeMutablePointer<Double>, to sum: UnsafeMutablePointer<Double>) {
    for index in 0..<vectors.count { terms[index] -= lanes.zero }
    add(terms, to: sum)
  }
}

extension binade_fixed {
  /// The lanes of an accumulator; nil for formats and policies without them.
  ///
  /// `limitExponent`: what is added is below two to this power; nil for no bound.
  init?(_ sum: AccumulatorFormat, limitExponent: Int?, mayBeSpecial: Bool) {
    let width = sum.bitWidth
    let isFixedPoint = sum.fixedPoint != nil || sum.format is IntegerFormat
    guard isFixedPoint, width <= 50, sum.policy.dialect == nil else { return nil }
    self.init()
    let range = sum.range
    let step = sum.quantum
    zero = 0x1.8p52 * step
    least = zero + range.least
    greatest = zero + range.greatest
    half_step = step / 2
    may_be_special = mayBeSpecial
    rule = Self.rule(sum.policy.rounding)
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

  /// A rounding rule as kernels have it.
  static func rule(_ rounding: RoundingRule) -> UInt32 {
    switch rounding {
    case .nearestEven: UInt32(BINADE_FIXED_NEAREST_EVEN)
    case .nearestAway: UInt32(BINADE_FIXED_NEAREST_AWAY)
    case .towardZero: UInt32(BINADE_FIXED_TOWARD_ZERO)
    case .awayFromZero: UInt32(BINADE_FIXED_AWAY_FROM_ZERO)
    case .up: UInt32(BINADE_FIXED_UP)
    case .down: UInt32(BINADE_FIXED_DOWN)
    case .toOdd: UInt32(BINADE_FIXED_TO_ODD)
    }
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
