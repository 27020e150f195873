import BinadeKernels
import BinadeNumerics

/// What an accumulator makes of an exact sum, decided by MPFR.
enum SumOracle {
  case coded(MPFROracle)
  case fixedPoint(FixedPointOracle)

  init(_ target: AccumulatorFormat) throws {
    if let format = target.format {
      self = .coded(try MPFROracle(format, policy: target.policy))
    } else if let wide = target.fixedPoint {
      self = .fixedPoint(FixedPointOracle(wide, policy: target.policy))
    } else {
      preconditionFailure("'\(target.name)' has neither codes nor a step")
    }
  }

  func converted(_ meaning: OracleMeaning) -> OracleMeaning {
    switch self {
    case .fixedPoint(let oracle): return oracle.converted(meaning)
    case .coded(let oracle):
      let code =
        switch meaning {
        case .nan: oracle.expectedCode(for: Double.nan)
        case .infinity(let isNegative): oracle.expectedCode(for: isNegative ? -Double.infinity : .infinity)
        case .finite(let value, let isNegativeZero):
          oracle.expectedCode(for: value, isNegative: value.isZero ? isNegativeZero : value.sign < 0)
        }
      return oracle.ladder.meaning(of: code)
    }
  }
}

/// Fixed point of more bits than codes have: steps by MPFR's floor, rules and ranges written a second time.
struct FixedPointOracle {
  private let wide: WideFixedPoint
  private let policy: ConversionPolicy
  private let first: Int64
  private let last: Int64

  init(_ wide: WideFixedPoint, policy: ConversionPolicy) {
    self.wide = wide
    self.policy = policy
    first = wide.isSigned ? -(1 << Int64(wide.bitWidth - 1)) : 0
    last = first + (1 << Int64(wide.bitWidth)) - 1
  }

  func converted(_ meaning: OracleMeaning) -> OracleMeaning {
    switch meaning {
    case .nan: value(0)
    case .infinity(let isNegative): value(isNegative ? first : last)
    case .finite(let number, _): value(steps(number.scaled(byTwoTo: wide.fractionBitCount)))
    }
  }

  private func value(_ steps: Int64) -> OracleMeaning {
    .finite(MPFRNumber(steps, timesTwoTo: -wide.fractionBitCount), isNegativeZero: false)
  }

  private func steps(_ exact: MPFRNumber) -> Int64 {
    guard policy.overflow == .wrap else {
      if exact.compared(to: MPFRNumber(first, timesTwoTo: 0)) <= 0 { return first }
      if exact.compared(to: MPFRNumber(last, timesTwoTo: 0)) >= 0 { return last }
      return rounded(exact, isNegative: exact.sign < 0)
    }
    // Whole turns leave the parity and the side of every boundary as they are; the sign is that of the whole.
    let turn = exact.remainder(dividingByTwoTo: wide.bitWidth)
    let modulus = Int64(1) << Int64(wide.bitWidth)
    let step = (rounded(turn, isNegative: exact.sign < 0) - first) % modulus
    return (step + modulus) % modulus + first
  }

  private func rounded(_ exact: MPFRNumber, isNegative: Bool) -> Int64 {
    let below = exact.floor
    if exact.isInteger { return below }
    let half = exact.compared(to: MPFRNumber(2 * below + 1, timesTwoTo: -1))
    switch policy.rounding {
    case .down: return below
    case .up: return below + 1
    case .towardZero: return isNegative ? below + 1 : below
    case .awayFromZero: return isNegative ? below : below + 1
    case .toOdd: return below.isMultiple(of: 2) ? below + 1 : below
    case .nearestEven: return half < 0 || (half == 0 && below.isMultiple(of: 2)) ? below : below + 1
    case .nearestAway: return half < 0 || (half == 0 && isNegative) ? below : below + 1
    }
  }
}
