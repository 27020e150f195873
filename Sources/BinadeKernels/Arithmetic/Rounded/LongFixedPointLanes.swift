import BinadeNumerics
import CBinadeKernels

/// Fixed-point accumulators of 51 to 62 bits in lanes of Int64, bit for bit as ``ReferenceAccumulation`` has them.
///
/// `binade_long.h` has the representation.
struct LongFixedPointLanes: SummationLanes {
  let model: AccumulatorModel
  let vectors: AccumulationTile
  let product: ElementRounding?
  let outer: OuterSum?
  private let form: binade_long
  private let fractionBitCount: Int

  /// Nil for other accumulators, and where a group of products has no exact sum in float64.
  init?(_ model: AccumulatorModel, _ left: OperandBounds, _ right: OperandBounds, _ vectors: AccumulationTile)
  {
    guard model.alignment == nil, let wide = model.sum.fixedPoint, wide.bitWidth > 50 else { return nil }
    let terms: ProductBounds
    if let format = model.product {
      guard ProductBounds(left, right, count: 1).areFloats, let codec = format.codec,
        let rounding = ElementRounding(format, vectors)
      else { return nil }
      product = rounding
      terms = ProductBounds(OperandBounds(codec), OperandBounds([1]), count: model.interval)
    } else {
      product = nil
      terms = ProductBounds(left, right, count: model.interval)
    }
    guard terms.sumPrecision <= 53 else { return nil }
    var form = binade_long()
    form.rule = binade_fixed.rule(model.sum.policy.rounding)
    form.wraps = model.sum.wraps
    form.is_short = terms.limitExponent + wide.fractionBitCount <= 50
    form.may_be_special = !(left.areFinite && right.areFinite)
    form.scale = 1 / wide.quantum
    form.least = wide.leastSteps
    form.greatest = wide.greatestSteps
    form.code_mask = 1 << Int64(wide.bitWidth) - 1
    let turn = Double(sign: .plus, exponent: wide.bitWidth, significand: 1)
    form.turns = 0x1.8p52 * turn
    form.only_turns = 0x1p51 * turn
    self.form = form
    fractionBitCount = wide.fractionBitCount
    self.model = model
    self.vectors = vectors
    if case .chunked(_, let format) = model.order { outer = OuterSum(format) } else { outer = nil }
  }

  /// In words, for reports.
  var name: String {
    "fixed point in int64 lanes" + (product.map { ", products by \($0.name)" } ?? "")
  }

  var zero: Int64 { 0 }

  func value(of lane: Int64) -> AccumulatorValue {
    AccumulatorValue(steps: lane, fractionBitCount: fractionBitCount)
  }

  func accumulate(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    to sum: UnsafeMutablePointer<Int64>
  ) {
    withUnsafePointer(to: form) { form in
      switch vectors.instructionSet {
      case .avx512: binade_long_accumulate_avx512(depth, model.interval, a, b, sum, form)
      case .avx2: binade_long_accumulate_avx2(depth, model.interval, a, b, sum, form)
      case nil: binade_long_accumulate_portable(depth, model.interval, a, b, sum, form)
      }
    }
  }

  func add(_ terms: UnsafePointer<Double>, to sum: UnsafeMutablePointer<Int64>) {
    withUnsafePointer(to: form) { form in
      switch vectors.instructionSet {
      case .avx512: binade_long_add_avx512(terms, sum, form)
      case .avx2: binade_long_add_avx2(terms, sum, form)
      case nil: binade_long_add_portable(terms, sum, form)
      }
    }
  }

  func addLanes(_ lanes: UnsafeMutablePointer<Int64>, to sum: UnsafeMutablePointer<Int64>) {
    for index in 0..<vectors.count {
      let steps = sum[index] + lanes[index]
      sum[index] =
        form.wraps
        ? (steps &- form.least) & form.code_mask + form.least
        : min(max(steps, form.least), form.greatest)
    }
  }
}
