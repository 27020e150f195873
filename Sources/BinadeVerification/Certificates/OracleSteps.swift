import BinadeNumerics

/// The conversion of all 2^32 Float32 inputs, decided by MPFR: the inputs at which the code changes.
///
/// Rounding is monotone, so the conversion is a step function of the input's place in the order of Float32 (negative
/// NaNs, -infinity ... -0, +0 ... infinity, NaNs). Steps can only lie at a value of the format, at a boundary between
/// two, at the ends of the range, at the zeros, infinities and NaNs. MPFR says the code of every such place and of the
/// input before it; where the codes at both ends of a stretch agree, monotonicity makes the stretch constant.
package struct OracleSteps: Sendable, Hashable {
  /// From `start` on, up to the next step, inputs become `code`.
  package struct Step: Sendable, Hashable {
    /// The place of the first input, see ``OracleSteps/place(of:)``.
    package let start: UInt32
    /// What it becomes.
    package let code: UInt32
  }

  /// Ascending; the first starts at place 0.
  package let steps: [Step]

  /// Finds the steps of a format of up to 16 bits.
  ///
  /// Throws `FormatError` for a format without a ladder, ``CertificateError`` when the conversion is not monotone.
  ///
  /// - Complexity: O(n log n) comparisons of MPFR numbers in the number n of codes.
  package init(_ format: any NumericFormat, policy: ConversionPolicy) throws {
    guard format.bitWidth <= 16, policy.dialect != nil || policy.overflow != .wrap else {
      throw CertificateError.notCertifiable(format: format.name, bitWidth: format.bitWidth)
    }
    let oracle = try MPFROracle(format, policy: policy)
    func code(at place: UInt32) -> UInt32 {
      oracle.expectedCode(for: Double(Self.input(at: place)))
    }
    var steps: [Step] = []
    var previous: (place: UInt32, code: UInt32)?
    for place in Self.places(where: oracle.ladder) {
      let here = code(at: place)
      if let previous, place > previous.place + 1, code(at: place - 1) != previous.code {
        throw CertificateError.notMonotone(format: format.name, place: Self.input(at: place - 1))
      }
      if previous?.code != here { steps.append(Step(start: place, code: here)) }
      previous = (place, here)
    }
    if let previous, code(at: .max) != previous.code {
      throw CertificateError.notMonotone(format: format.name, place: .nan)
    }
    self.steps = steps
  }

  /// Where steps can lie, ascending and without repetition.
  private static func places(where ladder: any OracleLadder) -> [UInt32] {
    var places: [UInt32] = [
      0, place(of: -.infinity), place(of: -Float.greatestFiniteMagnitude), place(of: -0.0),
      place(of: 0), place(of: Float.leastNonzeroMagnitude), place(of: .infinity), place(of: .infinity) + 1,
    ]
    func add(_ value: MPFRNumber) {
      // The greatest Float not above the value, and the one after it.
      let below = place(of: value.floatBelow)
      places.append(below)
      places.append(below + 1)
    }
    let rungs = ladder.rungsToTest
    for rung in rungs { add(rung.value) }
    for (lower, upper) in zip(rungs, rungs.dropFirst()) {
      add(ladder.twiceBoundary(lower, upper).scaled(byTwoTo: -1))
    }
    for (extreme, beyond) in [
      (ladder.least, ladder.beforeLeast), (ladder.greatest, ladder.afterGreatest),
    ] {
      add(beyond)
      add(MPFRNumber.sum(extreme.value, beyond, precision: ladder.precision).scaled(byTwoTo: -1))
    }
    places.sort()
    var unique: [UInt32] = []
    unique.reserveCapacity(places.count)
    for place in places where place != unique.last { unique.append(place) }
    return unique
  }

  /// The place of a Float32 in the order of all bit patterns: the sign turned so that unsigned order is numeric order.
  package static func place(of value: Float) -> UInt32 {
    let bits = value.bitPattern
    return bits < 0x8000_0000 ? bits + 0x8000_0000 : ~bits
  }

  /// The Float32 at a place.
  package static func input(at place: UInt32) -> Float {
    Float(bitPattern: place < 0x8000_0000 ? ~place : place - 0x8000_0000)
  }

  /// The code of the input at a place.
  ///
  /// - Complexity: O(log n) in the number of steps.
  package func code(at place: UInt32) -> UInt32 { steps[index(of: place)].code }

  /// The step that a place belongs to.
  func index(of place: UInt32) -> Int {
    var (low, high) = (0, steps.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if steps[middle].start <= place { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// A fingerprint of the steps, to compare two derivations.
  package var fingerprint: Fingerprint {
    var result = Fingerprint()
    for step in steps {
      result.add(UInt64(step.start))
      result.add(UInt64(step.code))
    }
    return result
  }
}
