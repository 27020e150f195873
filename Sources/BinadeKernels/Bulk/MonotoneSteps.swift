/// Where a function that is monotone in the order of Floats changes, found by bisection.
enum MonotoneSteps {
  /// The keys from which on a new value holds, ascending, with the values, the first of them at `lower` itself.
  ///
  /// - Complexity: 32 calls for every step.
  /// - Precondition: `value` never comes back to a value that it has left.
  static func find<Value: Equatable>(from lower: Int32, to upper: Int32, _ value: (Int32) -> Value)
    -> [(key: Int32, value: Value)]
  {
    var steps = [(key: lower, value: value(lower))]
    func search(_ lower: Int32, _ lowerValue: Value, _ upper: Int32, _ upperValue: Value) {
      guard lowerValue != upperValue else { return }
      guard Int64(upper) - Int64(lower) > 1 else {
        steps.append((upper, upperValue))
        return
      }
      let middle = Int32((Int64(lower) + Int64(upper)) >> 1)
      let middleValue = value(middle)
      search(lower, lowerValue, middle, middleValue)
      search(middle, middleValue, upper, upperValue)
    }
    search(lower, steps[0].value, upper, value(upper))
    return steps
  }

  /// The bits of a Float as a signed number, in the order of Floats, -0 below +0.
  static func key(of value: Float) -> Int32 {
    let bits = Int32(bitPattern: value.bitPattern)
    return bits ^ ((bits >> 31) & Int32.max)
  }

  /// The Float of a key.
  static func value(ofKey key: Int32) -> Float {
    Float(bitPattern: UInt32(bitPattern: key ^ ((key >> 31) & Int32.max)))
  }
}
