import BinadeNumerics

/// A format whose values are shifted: code q stands for `base.decode(q) - shift`.
///
/// With the least value as the shift, a signed integer format covers 0 ... 2^b - 1 and spends all its codes on a tensor
/// that is never negative. A code of -0 stands for what +0 does, and is not given.
public struct ZeroPointFormat: NumericFormat {
  /// Name, width and origin.
  public let info: FormatInfo
  private let base: any NumericFormat
  private let shift: Double

  /// Shifts `base`.
  public init(_ base: any NumericFormat, shift: Double) {
    info = base.info
    self.base = base
    self.shift = shift
  }

  /// The value of a code.
  public func decode(_ code: UInt32) -> Double { base.decode(code) - shift }

  /// What the Double leaves over of an irrational value.
  public func residual(_ code: UInt32) -> Double { base.residual(code) }

  /// Whether encoding may produce a code.
  public func isEncodable(_ code: UInt32) -> Bool {
    let value = base.decode(code)
    return base.isEncodable(code) && !(value == 0 && value.sign == .minus)
  }
}
