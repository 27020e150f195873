import BinadeNumerics

/// The inputs on which a converter shows its faults.
package enum AuditInputs {
  /// Float32: four around every step of the conversion, both zeros, subnormals, infinities, NaN payloads, four around
  /// every power of two, and 2^16 spread evenly over all bit patterns.
  package static func floats(_ steps: OracleSteps) -> [Float] {
    var places: [UInt32] = []
    for step in steps.steps {
      for offset in -2...1 { places.append(step.start &+ UInt32(bitPattern: Int32(offset))) }
    }
    for exponent in UInt32(0)..<256 {
      for magnitude in [(exponent << 23) &- 2, (exponent << 23) &- 1, exponent << 23, (exponent << 23) + 1] {
        for sign in [UInt32(0), 0x8000_0000] {
          places.append(OracleSteps.place(of: Float(bitPattern: magnitude & 0x7FFF_FFFF | sign)))
        }
      }
    }
    let payloads: [UInt32] = [0x7FC0_0000, 0xFFC0_0000, 0x7F80_0001, 0xFF80_0001, 0x7FFF_FFFF, 0xFFFF_FFFF]
    places += payloads.map { OracleSteps.place(of: Float(bitPattern: $0)) }
    // A Weyl sequence: even, and the same every time.
    places += (0..<UInt32(1 << 16)).map { $0 &* 0x9E37_79B1 }
    places.sort()
    var inputs: [Float] = []
    var last: UInt32?
    for place in places where place != last {
      inputs.append(OracleSteps.input(at: place))
      last = place
    }
    return inputs
  }

  /// Float64: every value and boundary with its neighbours, and the numbers that become a tie when they are rounded to
  /// float32 or to half its precision first.
  package static func doubles(_ codec: FormatCodec) -> [Double] {
    let ladder = codec.reference.ladder
    var inputs: [Double] = [
      0, -0.0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
    ]
    func add(around value: Double) {
      guard value.isFinite else { return }
      inputs += [value.nextDown.nextDown, value.nextDown, value, value.nextUp, value.nextUp.nextUp]
      let single = Float(value)
      guard single.isFinite else { return }
      let halfStep = Double(single.ulp) / 2
      for offset in [halfStep, halfStep / 2, halfStep / 1024] {
        inputs += [value - offset, value + offset]
      }
    }
    let rungs = codec.rungs ?? []
    for rung in rungs { add(around: rung.value) }
    for (lower, upper) in zip(rungs, rungs.dropFirst()) {
      add(around: ladder.boundary(between: lower, and: upper).high)
    }
    for (lower, upper) in [(ladder.beforeLeast, ladder.least), (ladder.greatest, ladder.afterGreatest)] {
      add(around: lower.value)
      add(around: upper.value)
      add(around: ladder.boundary(between: lower, and: upper).high)
    }
    return inputs
  }
}
