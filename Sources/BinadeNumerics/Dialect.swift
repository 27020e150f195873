/// What a standard or library makes of overflow, infinities and NaNs, named after who does so.
///
/// Cells read *finite overflow / infinite input*; `max` is the greatest magnitude of that sign.
///
/// | dialect           | with infinities | NaN and -0 (fn) | NaN, no -0 (fnuz) | neither (FP6, FP4) | NaN where there is none |
/// |-------------------|-----------------|-----------------|-------------------|--------------------|-------------------------|
/// | ocpSat            | max / max       | max / max       | max / max         | max / max          | an error                |
/// | ocpNoSat          | inf / inf       | NaN / NaN       | NaN / NaN         | max / max          | an error                |
/// | mlDtypes          | inf / inf       | NaN / NaN       | NaN / NaN         | max / max          | zero of the other sign  |
/// | torch             | inf / inf       | max / max       | NaN / NaN         | max / max          | an error                |
/// | onnxSat           | max / max       | max / max       | max / NaN         | max / max          | max                     |
/// | onnxNoSat         | inf / inf       | NaN / NaN       | NaN / NaN         | max / max          | max                     |
/// | p3109SatFinite    | max / max       | max / max       | max / max         | max / max          | an error                |
/// | p3109SatPropagate | max / inf       | max / max       | max / max         | max / max          | an error                |
/// | p3109SatNone      | inf / inf       | max / max       | max / max         | max / max          | an error                |
///
/// A negative number into an unsigned format is overflow on the low side: the least value, or NaN under
/// p3109SatNone, ocpNoSat, mlDtypes and onnxNoSat. Finite overflow means what still overflows after rounding.
///
/// - Source: OCP OFP8 1.0 and MX 1.0; ml_dtypes 0.6; PyTorch 2.13; ONNX Cast, opset 25; IEEE P3109 interim report 4.0.
public enum Dialect: String, Sendable, Hashable, CaseIterable {
  case ocpSat, ocpNoSat, mlDtypes, torch, onnxSat, onnxNoSat
  case p3109SatFinite, p3109SatPropagate, p3109SatNone

  /// What NaN becomes in a format that has none.
  public enum MissingNaN: String, Sendable, Hashable, CaseIterable {
    /// It is counted, and commands stop.
    case error
    /// +NaN becomes -0, -NaN becomes +0.
    case oppositeZero
    /// The greatest value.
    case greatest
  }

  /// What NaN becomes where there is none.
  public var missingNaN: MissingNaN {
    switch self {
    case .mlDtypes: .oppositeZero
    case .onnxSat, .onnxNoSat: .greatest
    default: .error
    }
  }

  /// What finite overflow and infinite inputs become on one side of a format with these special codes.
  func targets(_ specials: SpecialCodes, isNegative: Bool, isUnsigned: Bool)
    -> (overflow: OverflowTarget, infinity: OverflowTarget)
  {
    let isBelowUnsigned = isNegative && isUnsigned
    let hasInfinity = specials.positiveInfinity != nil
    let hasNegativeZero = specials.negativeZero != nil
    let unsaturated: OverflowTarget = hasInfinity && !isBelowUnsigned ? .infinity : .nan
    switch self {
    case .ocpSat, .p3109SatFinite: return (.extreme, .extreme)
    case .ocpNoSat, .mlDtypes, .onnxNoSat: return (unsaturated, unsaturated)
    case .torch:
      let saturates = !hasInfinity && hasNegativeZero
      return saturates ? (.extreme, .extreme) : (unsaturated, unsaturated)
    case .onnxSat:
      let isUnsignedZero = !hasInfinity && !hasNegativeZero && !isUnsigned
      return (.extreme, isUnsignedZero ? .nan : .extreme)
    case .p3109SatPropagate:
      return (.extreme, hasInfinity && !isBelowUnsigned ? .infinity : .extreme)
    case .p3109SatNone:
      let target: OverflowTarget = isBelowUnsigned ? .nan : hasInfinity ? .infinity : .extreme
      return (target, target)
    }
  }
}
