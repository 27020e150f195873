/// The scale with the least mean squared error on the sample, measured with the format's own rounding.
///
/// The search starts from the scale that clips nothing. Smaller scales clip; larger ones, tried for formats
/// whose precision differs from binade to binade, move the values to where the format is finest. Coarse steps
/// first, then two refinements around the best; of equal errors the scale tried first stays.
public struct MSECalibration: Calibration {
  /// The name, for reports and the command line.
  public let name = "mse"

  /// Creates the calibration.
  public init() {}

  /// The scale for a sample.
  public func scale(for sample: TensorSample, target: ScaleTarget) -> Float {
    let start = target.scale(threshold: sample.greatestMagnitude)
    var search = Search(values: sample.values, target: target, start: start)
    if target.scaling == .powerOfTwo {
      for exponent in (-5...target.headroomInBinades).reversed() { search.tryScale(exponent) }
      return search.bestScale
    }
    for quarter in 0...16 { search.tryScale(-Double(quarter) / 4) }
    for binade in 0..<target.headroomInBinades { search.tryScale(Double(binade + 1)) }
    let coarse = search.bestExponent
    for step in -7...7 where step != 0 { search.tryScale(coarse + Double(step) / 8) }
    let fine = search.bestExponent
    for step in -3...3 where step != 0 { search.tryScale(fine + Double(step) / 32) }
    return search.bestScale
  }

  private struct Search {
    let values: [Float]
    let target: ScaleTarget
    let start: Float
    private(set) var bestExponent = 0.0
    private(set) var bestScale: Float
    private var leastError = Double.infinity

    init(values: [Float], target: ScaleTarget, start: Float) {
      self.values = values
      self.target = target
      self.start = start
      bestScale = start
    }

    mutating func tryScale(_ exponent: Int) { tryScale(Double(exponent)) }

    /// Tries `start * 2^exponent`.
    mutating func tryScale(_ exponent: Double) {
      let scale = start * Float(PowerOfTwo.value(exponent))
      guard scale.isNormal else { return }
      let error = target.squaredError(of: values, scale: scale)
      if error < leastError {
        leastError = error
        bestExponent = exponent
        bestScale = scale
      }
    }
  }
}

/// 2^x for multiples of 1/32, from square roots: the same bits on every machine, which a library's exp2 does
/// not promise.
enum PowerOfTwo {
  /// Returns 2^exponent, good to a few ulps.
  ///
  /// - Precondition: `exponent` is a multiple of 1/32.
  static func value(_ exponent: Double) -> Double {
    let steps = Int(exponent * 32)
    precondition(Double(steps) == exponent * 32, "\(exponent) is not a multiple of 1/32")
    var result = Double(sign: .plus, exponent: steps >> 5, significand: 1)
    var root = 2.0
    for bit in stride(from: 4, through: 0, by: -1) {
      root = root.squareRoot()
      if (steps & 31) >> bit & 1 == 1 { result *= root }
    }
    return result
  }
}
