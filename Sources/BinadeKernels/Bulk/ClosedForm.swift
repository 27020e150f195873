import BinadeNumerics
import CBinadeKernels

/// A codec as arithmetic on the bits of Float32, for vectors: binary floats, integers, fixed point.
///
/// It is read off the codec's values, so a format of one's own that looks like one of these gets it too.
struct ClosedForm: Sendable {
  /// What the C rows read.
  let parameters: binade_closed_form
  /// Whether every code decodes by the formula as the codec has it.
  let decodes: Bool

  /// Nil where the codec has no closed form.
  init?(_ codec: FormatCodec) {
    guard let values = ClosedFormValues(codec) else { return nil }
    let specials = codec.reference.ladder.specials
    var form = binade_closed_form()
    form.significand_bits = UInt32(values.significandBitCount)
    form.least_exponent = UInt32(values.leastExponent + 127)
    form.parity = values.base.positive & 1
    form.code_mask = UInt32.max >> UInt32(32 - codec.info.bitWidth)
    form.base = (values.base.positive, values.base.negative)
    form.flip_negative = values.descends ? .max : 0
    form.sign_bit = values.descends ? 0 : values.base.negative & ~values.base.positive
    form.negative_zero = specials.negativeZero ?? values.base.positive
    form.greatest = (values.greatestIndex.positive, values.greatestIndex.negative)
    // No other finite number rounds farther out: what it becomes is what overflow gives, if anything does.
    let greatest = Float.greatestFiniteMagnitude
    form.beyond = (codec.encode(greatest), codec.encode(-greatest))
    form.infinity = (codec.encode(Float.infinity), codec.encode(-Float.infinity))
    form.nan = (
      codec.encode(Float(bitPattern: 0x7FC0_0000)), codec.encode(Float(bitPattern: 0xFFC0_0000))
    )
    let bits = { codec.decode($0).bitPattern }
    form.greatest_value = (
      Float(values.magnitude(Int(form.greatest.0))).bitPattern,
      Float(values.magnitude(Int(form.greatest.1))).bitPattern
    )
    form.beyond_value = (bits(form.beyond.0), bits(form.beyond.1))
    form.infinity_value = (bits(form.infinity.0), bits(form.infinity.1))
    form.nan_value = (bits(form.nan.0), bits(form.nan.1))
    form.infinity_code = (specials.positiveInfinity ?? .max, specials.negativeInfinity ?? .max)
    form.nan_code = specials.nan ?? .max
    (form.rule, form.rounding) = Self.rounding(codec.policy.rounding)
    let hasNegatives = values.greatestIndex.negative > 0
    form.plain_refused = hasNegatives ? 0 : 0x8000_0000
    if codec.policy.rounding == .nearestEven, Self.tiesAgree(values) {
      form.plain_limit = Self.plainLimit(values, hasNegatives: hasNegatives)
      if let cap = Self.additionCap(values) {
        form.addition_cap = cap.bitPattern
        form.rule = UInt32(BINADE_ROUND_BY_ADDITION)
      }
    }
    form.decodable = form.greatest
    if !Self.decodes(codec, form) {
      // Where exponent fields are Float32's, codes of NaN are its NaNs, payload and all.
      form.decodable = (.max, .max)
      form.nan_code = .max
    }
    decodes = Self.decodes(codec, form)
    parameters = form
  }

  /// Whether an addition ties to the even code: it looks at the last place of the significand.
  private static func tiesAgree(_ values: ClosedFormValues) -> Bool {
    values.significandBitCount > 0 && values.base.positive & 1 == 0
  }

  /// Magnitudes below can be rounded by an addition: the addend has an exponent field 23 - M above the number's.
  private static func addendLimit(_ values: ClosedFormValues) -> UInt32 {
    UInt32(254 - 23 + values.significandBitCount) << 23
  }

  /// The magnitude bits below which one addition rounds: no overflow, and no number too great for the addend.
  private static func plainLimit(_ values: ClosedFormValues, hasNegatives: Bool) -> UInt32 {
    let (positive, negative) = values.greatestIndex
    let index = Int(hasNegatives ? min(positive, negative) : positive)
    let boundary = (values.magnitude(index) + values.magnitude(index + 1)) / 2
    let overflow = boundary < Double(Float.greatestFiniteMagnitude) ? Float(boundary) : .infinity
    return min(overflow.bitPattern, addendLimit(values))
  }

  /// The magnitude after both extremes; nil where it is too great for the addend.
  private static func additionCap(_ values: ClosedFormValues) -> Float? {
    let (positive, negative) = values.greatestIndex
    let next = values.magnitude(Int(max(positive, negative)) + 1)
    guard next < Double(Float.greatestFiniteMagnitude), Float(next).bitPattern < addendLimit(values) else {
      return nil
    }
    return Float(next)
  }

  private static func rounding(_ rule: RoundingRule) -> (rule: UInt32, selectors: binade_rounding) {
    var selectors = binade_rounding()
    let all = UInt32.max
    switch rule {
    case .nearestEven: (selectors.half, selectors.less_when_even) = (all, all)
    case .nearestAway: selectors.half = all
    case .towardZero: break
    case .awayFromZero: selectors.all = all
    case .up: (selectors.all, selectors.flip_negative) = (all, all)
    case .down: selectors.flip_negative = all
    case .toOdd: selectors.flip_even = all
    }
    switch rule {
    case .nearestEven: return (UInt32(BINADE_ROUND_NEAREST_EVEN), selectors)
    case .towardZero: return (UInt32(BINADE_ROUND_TOWARD_ZERO), selectors)
    default: return (UInt32(BINADE_ROUND_OTHER), selectors)
    }
  }

  /// Compares the formula with the codec on every code; formats with codes that encoding never gives may differ.
  private static func decodes(_ codec: FormatCodec, _ form: binade_closed_form) -> Bool {
    guard codec.info.bitWidth <= 24 else { return false }
    let codes = [UInt32](0..<UInt32(1) << UInt32(codec.info.bitWidth))
    var values = [Float](repeating: 0, count: codes.count)
    var one: Float = 1
    withUnsafePointer(to: &one) { one in
      let scaling = binade_scaling(
        scales: one,
        block_length: codes.count,
        place: 0,
        channels: 0,
        least: nil,
        greatest: nil,
        factor: 0
      )
      withUnsafePointer(to: form) { binade_decode_portable(codes, 4, codes.count, $0, scaling, &values) }
    }
    return codes.allSatisfy { codec.decode($0).bitPattern == values[Int($0)].bitPattern }
  }
}
