import BinadeNumerics
import CBinadeKernels

/// Which arithmetic carries out an accumulator model on operands of known bounds, bit for bit as the reference does.
enum AccumulationPlan: Sendable {
  /// One loop that multiplies, adds and rounds in registers.
  case fused(binade_sum_rounding)
  /// One loop of 32-bit integers.
  case integer(IntegerLanes)
  /// Tile by tile: products, their rounding if any, sums, their rounding.
  case stepwise(product: ElementRounding?, sum: SumRounding)
  /// Tile by tile: sums of a group in float64, their rounding.
  case wide(SumRounding)
  /// Tile by tile: aligned groups, and the rounding of their sums; nil where the sum is a float32 already.
  case aligned(binade_alignment, ElementRounding?)
  /// Scalar.
  case reference(String)

  /// Chooses the fastest that is exact.
  init(_ model: AccumulatorModel, _ left: OperandBounds, _ right: OperandBounds, _ tile: AccumulationTile) {
    let products = ProductBounds(left, right, count: model.interval)
    guard let instructionSet = tile.instructionSet else {
      self = .reference("this processor has no vector instructions that a kernel was written for")
      return
    }
    if let alignment = model.alignment {
      self = Self.aligned(alignment, model, products)
      return
    }
    if model.product == nil {
      if let lanes = Self.integerLanes(model.sum, left, right, products) {
        self = .integer(lanes)
        return
      }
      if let rounding = Self.fused(model.sum, products, instructionSet) {
        self = .fused(rounding)
        return
      }
    }
    self = Self.stepwise(model, products)
  }

  private static func fused(
    _ sum: AccumulatorFormat,
    _ products: ProductBounds,
    _ instructionSet: AccumulationTile.InstructionSet
  ) -> binade_sum_rounding? {
    guard var form = binade_sum_rounding(sum) else { return nil }
    // With directed multiply-adds a lone product needs not be a Float.
    guard products.areFloats || (products.count == 1 && instructionSet == .avx512) else { return nil }
    guard products.areFinite || Float(bitPattern: form.nan_bits).isNaN else { return nil }
    if form.rule == UInt32(BINADE_RULE_TOWARD_ZERO) {
      form.lane = UInt32(BINADE_LANE_ZERO)
    } else {
      let isInnocuous = isNearestLaneRight(form, sum, products)
      form.lane = UInt32((isInnocuous ? BINADE_LANE_NEAREST : BINADE_LANE_ODD))
    }
    return form
  }

  /// Whether rounding the nearest float32 again is rounding once; binade_accumulate.h has the proof.
  private static func isNearestLaneRight(
    _ form: binade_sum_rounding,
    _ sum: AccumulatorFormat,
    _ products: ProductBounds
  ) -> Bool {
    if form.grid == UInt32(BINADE_GRID_FLOAT) { return true }
    guard products.areFloats else { return false }
    var leastExponent = products.leastExponent
    let precision: Int
    switch sum.format {
    case let float as BinaryFloatFormat:
      precision = float.significandBitCount + 1
      leastExponent = min(leastExponent, 1 - float.exponentBias - float.significandBitCount)
    default:
      precision = 0
      leastExponent = min(leastExponent, Int(form.step.exponent))
    }
    let limit = max(products.limitExponent, Int(max(abs(form.least), form.greatest).exponent) + 1) + 1
    let isExact = limit - leastExponent <= 24
    return isExact || (products.sumPrecision <= precision && 2 * precision + 2 <= 24)
  }

  /// Integer and fixed-point accumulators of which every product is a multiple.
  private static func integerLanes(
    _ sum: AccumulatorFormat,
    _ left: OperandBounds,
    _ right: OperandBounds,
    _ products: ProductBounds
  ) -> IntegerLanes? {
    let isSigned: Bool
    switch sum.format {
    case let integer as IntegerFormat: isSigned = integer.isSigned
    case let fixed as FixedPointFormat: isSigned = fixed.isSigned
    case nil, _?: return nil
    }
    let stepExponent = Int(sum.quantum.exponent)
    let width = sum.bitWidth
    let one = ProductBounds(left, right, count: 1)
    guard products.areFinite, one.areFloats, one.leastExponent >= stepExponent,
      one.limitExponent - stepExponent <= 31
    else { return nil }
    var lanes = IntegerLanes(
      scale: Float(1 / sum.quantum),
      step: Float(sum.quantum),
      wraps: sum.wraps,
      isSigned: isSigned,
      bitWidth: Int32(width),
      least: 0,
      greatest: 0
    )
    if sum.wraps { return isSigned || width <= 31 ? lanes : nil }
    guard let codec = sum.codec, let format = sum.format else { return nil }
    let (ladder, outcomes) = (codec.reference.ladder, codec.reference.outcomes)
    guard width <= 30, products.limitExponent - stepExponent <= 30, sum.policy.dialect == nil,
      format.decode(outcomes.aboveGreatest) == ladder.greatest.value,
      format.decode(outcomes.belowLeast) == ladder.least.value
    else { return nil }
    lanes.least = Int32(ladder.least.value / sum.quantum)
    lanes.greatest = Int32(ladder.greatest.value / sum.quantum)
    return lanes
  }

  private static func stepwise(_ model: AccumulatorModel, _ products: ProductBounds) -> AccumulationPlan {
    guard let sum = SumRounding(model.sum) else {
      return .reference("sums in \(model.sum.description) cannot be decided from float32")
    }
    guard products.areFloats else {
      if products.areDoubles, model.product == nil { return .wide(sum) }
      return .reference(
        model.interval == 1
          ? "products need \(products.precision) bits or leave the range of float32"
          : "sums of \(model.interval) products need \(products.sumPrecision) bits"
      )
    }
    guard let format = model.product else { return .stepwise(product: nil, sum: sum) }
    guard let product = ElementRounding(format) else {
      return .reference("products in \(format.description) cannot be decided from float32")
    }
    guard model.interval == 1 else {
      return .reference("sums of \(model.interval) rounded products have no kernel")
    }
    return .stepwise(product: product, sum: sum)
  }

  private static func aligned(
    _ alignment: AccumulatorAlignment,
    _ model: AccumulatorModel,
    _ products: ProductBounds
  ) -> AccumulationPlan {
    let kept = alignment.fractionBitCount
    // Cut terms as integers, their sum within 30 bits; scales and units within the range of float32.
    let termLimit = kept + (alignment.productExponent == .ofProduct ? 1 : 2)
    let sumLimit = termLimit + ProductBounds.log2RoundedUp(model.interval + 1)
    guard products.precision <= 24, products.leastExponent >= -149, products.limitExponent <= 120,
      products.leastMagnitudeExponent >= 2 * kept - 100, sumLimit <= 30, model.product == nil
    else {
      return .reference("terms kept to \(kept) fraction bits do not fit 32-bit integers, or are rounded")
    }
    var lanes = binade_alignment()
    lanes.fraction_bits = Int32(kept)
    if case .ofFactors(let leastLeft, let leastRight) = alignment.productExponent {
      guard [leastLeft, leastRight].allSatisfy({ (-60...60).contains($0) }) else {
        return .reference("exponents of factors from \(leastLeft) and \(leastRight) on have no kernel")
      }
      lanes.adds_operand_exponents = true
      lanes.least_a = Float(sign: .plus, exponent: leastLeft, significand: 1)
      lanes.least_b = Float(sign: .plus, exponent: leastRight, significand: 1)
    }
    let form = binade_sum_rounding(model.sum)
    if let form, form.grid == UInt32(BINADE_GRID_FLOAT) {
      let isNearest = form.rule == UInt32(BINADE_RULE_NEAREST_EVEN)
      lanes.lane = UInt32((isNearest ? BINADE_LANE_NEAREST : BINADE_LANE_ZERO))
      return .aligned(lanes, nil)
    }
    guard let rounding = ElementRounding(model.sum) else {
      return .reference("sums in \(model.sum.description) cannot be decided from float32")
    }
    lanes.lane = UInt32(BINADE_LANE_ODD)
    return .aligned(lanes, rounding)
  }

  /// In words, for reports.
  var name: String {
    switch self {
    case .fused(let form):
      form.lane == UInt32(BINADE_LANE_NEAREST)
        ? "fused, rounded in float32 first"
        : form.lane == UInt32(BINADE_LANE_ODD) ? "fused, rounded to odd first" : "fused, cut first"
    case .integer: "integer lanes"
    case .stepwise(let product, .element(let sum)):
      "step by step, sums by \(sum.name)" + (product.map { ", products by \($0.name)" } ?? "")
    case .stepwise(_, .float32): "step by step, sums in float32"
    case .wide: "step by step, sums in float64 first"
    case .aligned: "aligned integers"
    case .reference(let reason): "reference: \(reason)"
    }
  }
}
