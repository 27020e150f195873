/// The scale with the least mean squared error on the sample, measured with the format's own rounding.
///
/// The search starts from the scale that puts the greatest magnitude where the format is precise, see ``ScaleTarget/unit``.
/// Smaller scales clip, or leave the precise values of a tapered format; larger ones, tried for formats whose precision
/// differs from binade to binade, move the values to where the format is finest. Coarse steps first, then two refinements
/// around the best; of equal errors the scale tried first stays. Formats of more than 16 bits that are not uniform try powers
/// of two alone: dividing by them is exact, while other quotients are rounded to the 24 bits of Float32.
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
    if target.codec.info.bitWidth > 16, !target.isUniform {
      search.startAtPowerOfTwo()
      for binade in 0...target.headroomInBinades { search.tryScale(binade) }
      for binade in 1...4 { search.tryScale(-binade) }
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
    private static let greatestWideCount = 4096
    private var values: [Float]
    let target: ScaleTarget
    private var start: Float
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

    /// Makes the next power of two the start, and does with fewer values: those of wide formats take long to find.
    mutating func startAtPowerOfTwo() {
      let step = (values.count + Self.greatestWideCount - 1) / Self.greatestWideCount
      if step > 1 { values = stride(from: 0, to: values.count, by: step).map { values[$0] } }
      let power = start.roundedUpToPowerOfTwo
      guard power.isNormal else { return }
      start = power
      bestScale = power
    }

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
