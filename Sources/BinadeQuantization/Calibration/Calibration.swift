import BinadeNumerics

/// A way to find the scale of a tensor.
///
/// The equation is `x ~ scale * value`, with `value` one of the format's. A calibration chooses the clipping
/// threshold; the scale maps it to ``ScaleTarget/unit``. A new calibration is one file and one row in
/// ``Calibrations/all``.
public protocol Calibration: Sendable {
  /// As on the command line.
  var name: String { get }

  /// Returns the scale for a sample with at least one value that is not zero, all finite.
  ///
  /// - Precondition: ``refusal(of:)`` has nothing against the target.
  func scale(for sample: TensorSample, target: ScaleTarget) -> Float

  /// Why the calibration does not apply to a format; nil when it does.
  func refusal(of target: ScaleTarget) -> String?
}

extension Calibration {
  /// Nothing: the calibration applies to every format.
  public func refusal(of target: ScaleTarget) -> String? { nil }
}

/// The format side of a calibration.
public struct ScaleTarget: Sendable {
  /// Rounds to the values of the format.
  public let codec: FormatCodec
  /// The value that the clipping threshold is mapped to: `PrecisionProfile.anchor`, where the format is precise; the
  /// greatest value of formats that do not taper.
  public let unit: Float
  /// Binades below `unit` in which a larger scale may help: 0 for uniform formats, whose steps all grow with the scale.
  public let headroomInBinades: Int
  /// Real scales, or powers of two.
  public let scaling: Scaling

  /// Creates a target.
  public init(codec: FormatCodec, unit: Float, headroomInBinades: Int, scaling: Scaling) {
    self.codec = codec
    self.unit = unit
    self.headroomInBinades = headroomInBinades
    self.scaling = scaling
  }

  /// The side of a codec, for a tensor.
  ///
  /// `bothEndsOf`: a sample whose least and greatest value must both fit, for values shifted in between.
  init(_ codec: FormatCodec, isNonnegative: Bool, bothEndsOf sample: TensorSample? = nil) {
    let profile = PrecisionProfile(codec.reference.ladder, isNonnegative: isNonnegative)
    let anchor = sample.map { Self.anchor(of: codec.reference.ladder, $0) } ?? profile.anchor
    let unit = Float(anchor)
    self.init(
      codec: codec,
      // Rounded up it would be beyond the greatest value of a format of more than 24 bits.
      unit: Double(unit) > anchor ? unit.nextDown : unit,
      headroomInBinades: profile.headroomInBinades,
      scaling: codec.info.scaling
    )
  }

  /// What the greatest magnitude of a sample becomes when neither of its ends is clipped.
  private static func anchor(of ladder: any Ladder, _ sample: TensorSample) -> Double {
    let (above, below) = (Double(max(sample.greatest, 0)), Double(max(-sample.least, 0)))
    let ends = [(above, ladder.greatest.value), (below, -ladder.least.value)].filter { $0.0 > 0 && $0.1 > 0 }
    return max(above, below) * (ends.map { $0.1 / $0.0 }.min() ?? 0)
  }

  /// Whether all neighbouring values are equally far apart.
  public var isUniform: Bool { headroomInBinades == 0 }

  /// The scale that maps `threshold` to `unit`, rounded up to a power of two where the format asks for it.
  ///
  /// - Error: the quotient of the two is rounded up where it would make `threshold / scale`, a Float as well, greater than
  ///   `unit`: the threshold itself must not saturate.
  public func scale(threshold: Float) -> Float {
    var scale = max(threshold / unit, .leastNormalMagnitude)
    if scaling == .powerOfTwo { return scale.roundedUpToPowerOfTwo }
    while scale.isFinite, threshold / scale > unit { scale = scale.nextUp }
    return scale
  }

  /// The sum of squared errors of `values` at `scale`.
  ///
  /// - Error: summed in Double.
  public func squaredError(of values: [Float], scale: Float) -> Double {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(values.count, 1)) { buffer in
      guard let scaled = buffer.baseAddress else { return 0 }
      for index in 0..<values.count { scaled[index] = values[index] / scale }
      codec.roundTrip(UnsafeBufferPointer(start: scaled, count: values.count), into: scaled)
      var sum = 0.0
      for index in 0..<values.count {
        let error = Double(values[index]) - Double(scaled[index]) * Double(scale)
        sum += error * error
      }
      return sum
    }
  }
}

extension Float {
  /// The least power of two that is not below this positive number; infinity when there is none.
  var roundedUpToPowerOfTwo: Float {
    guard isFinite, self <= 0x1p127 else { return .infinity }
    return significand == 1 ? self : Float(sign: .plus, exponent: exponent + 1, significand: 1)
  }
}

/// The calibrations by name.
public enum Calibrations {
  /// One of each kind, with its default parameter.
  public static let all: [any Calibration] = [
    AbsMaxCalibration(), PercentileCalibration(), MSECalibration(), OCTAVCalibration(), EntropyCalibration(),
  ]

  /// The names understood, for messages.
  public static var names: [String] { all.map(\.name) + ["percentile99.99"] }

  /// Returns the calibration called `name`: `max`, `mse`, `octav`, `kl`, `percentile`, or `percentile` with
  /// a number.
  public static func named(_ name: String) -> (any Calibration)? {
    if let match = all.first(where: { $0.name == name }) { return match }
    guard name.hasPrefix("percentile"), let percent = Double(name.dropFirst(10)),
      percent > 0, percent <= 100
    else { return nil }
    return PercentileCalibration(percent: percent)
  }
}
