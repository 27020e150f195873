/// Learned step size quantization: the step is a parameter like the weights.
///
/// `v̂ = s · round(clip(v / s, -Qn, Qp))`, halves to even.
///
/// - Source: Esser, McKinstry, Bablani, Appuswamy and Modha, "Learned Step Size Quantization", ICLR 2020; methods.md 4.4.
public struct LearnedStep: Sendable, Hashable {
  /// The step s, positive.
  public let step: Double
  /// The least code, -Qn.
  public let leastCode: Int
  /// The greatest code, Qp.
  public let greatestCode: Int

  /// Creates the quantizer of two's-complement or of unsigned codes.
  ///
  /// - Precondition: `step > 0`; `bitWidth` is 1 to 16, 2 to 16 for signed codes.
  public init(step: Double, bitWidth: Int, isSigned: Bool) {
    precondition(step > 0 && ((isSigned ? 2 : 1)...16).contains(bitWidth), "step \(step), \(bitWidth) bits")
    self.step = step
    leastCode = isSigned ? -(1 << (bitWidth - 1)) : 0
    greatestCode = isSigned ? (1 << (bitWidth - 1)) - 1 : (1 << bitWidth) - 1
  }

  /// The code of a value.
  public func encode(_ value: Double) -> Int {
    Int(min(max(value / step, Double(leastCode)), Double(greatestCode)).rounded(.toNearestOrEven))
  }

  /// dv̂/ds, rounding taken as the identity.
  public func stepGradient(_ value: Double) -> Double {
    let position = value / step
    if position <= Double(leastCode) { return Double(leastCode) }
    if position >= Double(greatestCode) { return Double(greatestCode) }
    return position.rounded(.toNearestOrEven) - position
  }

  /// dv̂/dv: 1 inside, 0 where the value is clipped.
  public func valueGradient(_ value: Double) -> Double {
    let position = value / step
    return position > Double(leastCode) && position < Double(greatestCode) ? 1 : 0
  }

  /// What the step's gradient is multiplied by: 1 / sqrt(count · Qp).
  public func gradientScale(elementCount: Int) -> Double {
    1 / (Double(elementCount) * Double(greatestCode)).squareRoot()
  }

  /// The step to start with: 2 E|v| / sqrt(Qp).
  public static func initialStep(_ values: [Float], greatestCode: Int) -> Double {
    let mean = values.reduce(0) { $0 + abs(Double($1)) } / Double(max(values.count, 1))
    return 2 * mean / Double(greatestCode).squareRoot()
  }
}
