import BinadeNumerics

/// A format whose values are shifted by a zero point: code q stands for `base.decode(q) - zeroPoint`.
///
/// With the least value as the zero point, a signed integer format covers 0 ... 2^b - 1 and spends all its
/// codes on a tensor that is never negative.
public struct ZeroPointFormat: NumericFormat {
  /// Name, width and origin.
  public let info: FormatInfo
  private let base: any NumericFormat
  private let zeroPoint: Double

  /// Shifts `base`.
  public init(_ base: any NumericFormat, zeroPoint: Int) {
    info = base.info
    self.base = base
    self.zeroPoint = Double(zeroPoint)
  }

  /// The value of a code.
  public func decode(_ code: UInt32) -> Double { base.decode(code) - zeroPoint }

  /// What the Double leaves over of an irrational value.
  public func residual(_ code: UInt32) -> Double { base.residual(code) }

  /// Whether encoding may produce a code.
  public func isEncodable(_ code: UInt32) -> Bool { base.isEncodable(code) }
}
