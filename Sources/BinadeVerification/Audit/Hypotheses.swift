import BinadeNumerics

/// A way in which converters go wrong: what it is called, and what it makes of an input.
package struct Hypothesis {
  /// What a report calls it.
  package let name: String
  /// The code that a converter with this fault gives.
  package let predict: (Double) -> UInt32
}

/// The faults that were seen in converters, written as converters.
struct HypothesisBuilder {
  private let format: any NumericFormat
  private let policy: ConversionPolicy
  private let codec: FormatCodec
  private let ladder: any Ladder
  private let specials: SpecialCodes
  private let leastNormal: Double?

  init(_ audit: Audit) {
    format = audit.format
    policy = audit.policy
    codec = audit.codec
    ladder = audit.codec.reference.ladder
    specials = ladder.specials
    leastNormal = (audit.format as? BinaryFloatFormat).map {
      Double(sign: .plus, exponent: 1 - $0.exponentBias, significand: 1)
    }
  }

  /// All faults that the format can have.
  func all() -> [Hypothesis] {
    roundings() + overflows() + subnormals() + halves() + boundaries() + intermediates() + specialValues()
  }

  private func make(_ name: String, _ predict: @escaping (Double) -> UInt32) -> Hypothesis {
    Hypothesis(name: name, predict: predict)
  }

  private func zero(like value: Double) -> UInt32 {
    value.sign == .minus ? specials.negativeZero ?? specials.zero ?? 0 : specials.zero ?? 0
  }

  /// The neighbours of a number that is neither a value nor outside the range.
  private func gap(_ value: Double) -> (lower: Rung, upper: Rung)? {
    guard value.isFinite, value > ladder.least.value, value < ladder.greatest.value else { return nil }
    let (lower, upper) = ladder.neighbours(of: value)
    return lower.code == upper.code ? nil : (lower, upper)
  }

  private func compiled(_ policy: ConversionPolicy, _ format: (any NumericFormat)? = nil) -> FormatCodec? {
    try? FormatCodec(format ?? self.format, policy: policy)
  }

  private func roundings() -> [Hypothesis] {
    RoundingRule.allCases.filter { $0 != policy.rounding }.flatMap { rule -> [Hypothesis] in
      var other = policy
      other.rounding = rule
      guard let rounded = compiled(other) else { return [] }
      let name =
        policy.rounding == .nearestEven && rule == .nearestAway
        ? "ties away from zero" : "rounds \(rule.rawValue) instead of \(policy.rounding.rawValue)"
      let range = ladder.least.value...ladder.greatest.value
      return [
        make(name) { rounded.encode($0) },
        make(name + ", but not beyond the range") { (range.contains($0) ? rounded : codec).encode($0) },
      ]
    } + [
      tie("ties toward zero") { abs($0.value) < abs($1.value) ? $0 : $1 },
      tie("ties up: floor(x + 0.5)") { _, upper in upper },
      tie("ties down") { lower, _ in lower },
      tie("ties to the odd code") { $0.code % 2 == 1 ? $0 : $1 },
    ]
  }

  /// Right except at ties, the one where overflow begins among them.
  private func tie(_ name: String, _ choose: @escaping (Rung, Rung) -> Rung) -> Hypothesis {
    let outcomes = codec.reference.outcomes
    func isTie(_ lower: Rung, _ upper: Rung, _ value: Double) -> Bool {
      ladder.boundary(between: lower, and: upper).position(of: value) == .atBoundary
    }
    return make(name) { value in
      if let (lower, upper) = gap(value), isTie(lower, upper, value) {
        let rung = choose(lower, upper)
        return rung.value == 0 ? zero(like: value) : rung.code
      }
      if value > ladder.greatest.value, isTie(ladder.greatest, ladder.afterGreatest, value) {
        let staysInside = choose(ladder.greatest, ladder.afterGreatest).value == ladder.greatest.value
        return staysInside ? ladder.greatest.code : outcomes.aboveGreatest
      }
      if value < ladder.least.value, isTie(ladder.beforeLeast, ladder.least, value) {
        let staysInside = choose(ladder.beforeLeast, ladder.least).value == ladder.least.value
        return staysInside ? ladder.least.code : outcomes.belowLeast
      }
      return codec.encode(value)
    }
  }

  private func overflows() -> [Hypothesis] {
    var found: [Hypothesis] = []
    for rule in OverflowRule.allCases where policy.dialect != nil || rule != policy.overflow {
      if let codec = compiled(ConversionPolicy(rounding: policy.rounding, overflow: rule)) {
        let name = ["ieee": "overflows instead of saturating", "wrap": "wraps around instead of saturating"]
        found.append(make(name[rule.rawValue] ?? "saturates: clamped before rounding") { codec.encode($0) })
      }
    }
    for dialect in Dialect.allCases where dialect != policy.dialect {
      if let codec = compiled(ConversionPolicy(rounding: policy.rounding, dialect: dialect)) {
        found.append(make("dialect \(dialect.rawValue)") { codec.encode($0) })
      }
    }
    let outcomes = codec.reference.outcomes
    found.append(
      make("overflow decided before rounding") { value in
        if value.isFinite, value > ladder.greatest.value { return outcomes.aboveGreatest }
        if value.isFinite, value < ladder.least.value { return outcomes.belowLeast }
        return codec.encode(value)
      }
    )
    found.append(
      make("the greatest value is never written") { value in
        let code = codec.encode(value)
        guard value.isFinite, code == ladder.greatest.code || code == ladder.least.code else { return code }
        return value > 0 ? outcomes.aboveGreatest : outcomes.belowLeast
      }
    )
    let beyond = Double(sign: .plus, exponent: ladder.greatest.value.exponent + 1, significand: 1)
    found.append(
      make("the binade beyond the range becomes zero") { value in
        abs(value) >= beyond && abs(value) < 2 * beyond ? specials.zero ?? 0 : codec.encode(value)
      }
    )
    found.append(
      make("the least value is never written") { value in
        let code = codec.encode(value)
        return code == ladder.least.code ? ladder.neighbours(of: ladder.least.value.nextUp).upper.code : code
      }
    )
    return found
  }

  private func subnormals() -> [Hypothesis] {
    var found = [
      make("float32 subnormals taken for zero") { value in
        codec.encode(abs(value) < 0x1p-126 ? (value.sign == .minus ? -0.0 : 0) : value)
      }
    ]
    guard let leastNormal else { return found }
    let beyond = Double(sign: .plus, exponent: ladder.greatest.value.exponent + 1, significand: 1)
    found.append(
      make("subnormals flushed to zero") { abs($0) < leastNormal ? zero(like: $0) : codec.encode($0) }
    )
    found.append(
      make("subnormal results flushed to zero") { value in
        let code = codec.encode(value)
        return abs(format.decode(code)) < leastNormal ? zero(like: value) : code
      }
    )
    found.append(
      make("carry from the subnormals into the normal numbers lost") { value in
        let code = codec.encode(value)
        return abs(value) < leastNormal && abs(format.decode(code)) == leastNormal ? zero(like: value) : code
      }
    )
    found.append(
      make("carry into the exponent lost") { value in
        let code = codec.encode(value)
        let magnitude = abs(format.decode(code))
        let isPower = magnitude.isFinite && magnitude.significand == 1 && magnitude > abs(value)
        let isOverflow = value.isFinite && !magnitude.isFinite && abs(value) < beyond
        guard isPower || isOverflow, abs(value) >= leastNormal else { return code }
        let truncated = Double(sign: .plus, exponent: value.exponent, significand: 1)
        return codec.encode(value < 0 ? -truncated : truncated)
      }
    )
    return found
  }

  /// Faults of adding a half and of dropping bits.
  private func halves() -> [Hypothesis] {
    [
      make("sticky bit lost") { value in
        guard let (lower, upper) = gap(value) else { return codec.encode(value) }
        let half = (upper.value - lower.value) / 2
        let magnitude = (abs(value) / half).rounded(.down) * half
        return magnitude == 0 ? zero(like: value) : codec.encode(value < 0 ? -magnitude : magnitude)
      },
      make("adds a half in float32 and truncates") { value in
        guard let (lower, upper) = gap(value) else { return codec.encode(value) }
        let step = upper.value - lower.value
        let steps = (Float(abs(value) / step) + 0.5).rounded(.down)
        let magnitude = Double(steps) * step
        return magnitude == 0 ? zero(like: value) : codec.encode(value < 0 ? -magnitude : magnitude)
      },
      make("exponent from a float log2, one too high just below a power of two") { value in
        guard let (lower, upper) = gap(value), abs(value).significand >= 2 - 0x1p-20 else {
          return codec.encode(value)
        }
        let step = 2 * (upper.value - lower.value)
        let magnitude = (value / step).rounded(policy.rounding.wholeNumberRule) * step
        return magnitude == 0 ? zero(like: value) : codec.encode(magnitude)
      },
    ]
  }

  /// Boundaries of another kind than the family's.
  private func boundaries() -> [Hypothesis] {
    var found = [
      make("nearest by the arithmetic midpoint") { value in
        guard let (lower, upper) = gap(value) else { return codec.encode(value) }
        let touchesZero = lower.value == 0 || upper.value == 0
        if touchesZero, ladder.underflow == .leastMagnitude { return codec.encode(value) }
        let position = Boundary.midpoint(lower.value, upper.value).position(of: value)
        let rung = policy.rounding.roundsUp(from: position, lower: lower, upper: upper) ? upper : lower
        return rung.value == 0 ? zero(like: value) : rung.code
      },
      make("nearest by the geometric mean") { value in
        guard let (lower, upper) = gap(value), lower.value * upper.value > 0 else {
          return codec.encode(value)
        }
        let isFar = value * value > lower.value * upper.value
        let rung = isFar == (value > 0) ? upper : lower
        return rung.code
      },
    ]
    if specials.zero == nil {
      found.append(
        make("positive numbers below the least value become it") { value in
          value > 0 && value < ladder.least.value ? ladder.least.code : codec.encode(value)
        }
      )
    }
    if ladder.underflow == .leastMagnitude, let zero = specials.zero {
      found.append(
        make("small numbers become zero") { value in
          let least = ladder.neighbours(of: 0x1p-900).upper.value
          return abs(value) <= least / 2 ? zero : codec.encode(value)
        }
      )
    }
    if let logarithmic = format as? LogarithmicFormat,
      let other = try? LogarithmicFormat(
        info: format.info,
        integerBitCount: logarithmic.integerBitCount,
        fractionBitCount: logarithmic.fractionBitCount,
        nearest: logarithmic.nearest == .linear ? .logarithm : .linear
      ), let codec = compiled(policy, other)
    {
      found.append(make("nearest in the other domain, \(other.nearest.rawValue)") { codec.encode($0) })
    }
    return found
  }

  /// A rounding to another format on the way.
  private func intermediates() -> [Hypothesis] {
    func through(_ name: String, exponentBitCount: Int, significandBitCount: Int) -> Hypothesis? {
      guard
        let between = try? BinaryFloatFormat(
          info: FormatInfo(name: name, bitWidth: 0),
          exponentBitCount: exponentBitCount,
          significandBitCount: significandBitCount,
          specialValues: .ieee
        ), let first = compiled(ConversionPolicy(overflow: .ieee), between)
      else { return nil }
      return make("rounded twice, through \(name)") { codec.encode(between.decode(first.encode($0))) }
    }
    return [
      through("float32", exponentBitCount: 8, significandBitCount: 23),
      through("float16", exponentBitCount: 5, significandBitCount: 10),
      through("bfloat16", exponentBitCount: 8, significandBitCount: 7),
    ].compactMap { $0 }
  }

  /// Faults of treating the bits of a NaN as those of a number; its payload decides what comes out.
  private func payloads() -> [Hypothesis] {
    guard let float = format as? BinaryFloatFormat, (1..<23).contains(float.significandBitCount),
      let infinity = specials.positiveInfinity, let negativeInfinity = specials.negativeInfinity
    else { return [] }
    let dropped = UInt32(23 - float.significandBitCount)
    var found = [
      make("NaN becomes an infinity where truncation drops its payload") { value in
        guard value.isNaN, (Audit.singleBits(value) & 0x7F_FFFF) >> dropped == 0 else {
          return codec.encode(value)
        }
        return value.sign == .minus ? negativeInfinity : infinity
      }
    ]
    if float.exponentBitCount == 8 {
      found.append(
        make("NaN rounded like a number: becomes an infinity, or zero where it carries over") { value in
          guard value.isNaN else { return codec.encode(value) }
          let bits = Audit.singleBits(value)
          return (bits &+ (1 << (dropped - 1) - 1) &+ (bits >> dropped & 1)) >> dropped
        }
      )
    }
    return found
  }

  private func specialValues() -> [Hypothesis] {
    func replacing(_ name: String, _ code: UInt32?, where applies: @escaping (Double) -> Bool) -> Hypothesis?
    {
      code.map { code in make(name) { applies($0) ? code : codec.encode($0) } }
    }
    return payloads()
      + [
        make("the sign of zero lost") { value in
          let code = codec.encode(value)
          return code == specials.negativeZero ? specials.zero ?? code : code
        },
        replacing("NaN becomes zero", specials.zero) { $0.isNaN },
        replacing("NaN becomes the greatest value", ladder.greatest.code) { $0.isNaN },
        replacing("NaN becomes an infinity", specials.positiveInfinity) { $0.isNaN },
        replacing("infinities become NaN", specials.nan) { $0.isInfinite },
        make("infinities become the greatest value") { value in
          guard value.isInfinite else { return codec.encode(value) }
          return value > 0 ? ladder.greatest.code : ladder.least.code
        },
        make("the sign lost") { codec.encode(abs($0)) },
      ].compactMap { $0 }
  }
}

extension RoundingRule {
  /// The rule of the standard library for whole numbers that comes closest.
  fileprivate var wholeNumberRule: FloatingPointRoundingRule {
    switch self {
    case .nearestEven, .toOdd: .toNearestOrEven
    case .nearestAway: .toNearestOrAwayFromZero
    case .towardZero: .towardZero
    case .awayFromZero: .awayFromZero
    case .up: .up
    case .down: .down
    }
  }
}
