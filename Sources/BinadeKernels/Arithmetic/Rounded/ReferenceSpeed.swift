/// How long the scalar reference takes.
package enum ReferenceSpeed {
  /// Seconds for one product and its share of roundings, measured on one thread on sums of `depth` products of the numbers
  /// given, for about a hundredth of a second.
  ///
  /// - Precondition: there are numbers on both sides.
  package static func secondsPerProduct(
    _ model: AccumulatorModel,
    depth: Int,
    left: [Float],
    right: [Float]
  ) -> Double {
    precondition(!left.isEmpty && !right.isEmpty, "the reference is measured on numbers")
    let count = min(max(depth, 1), 1024)
    let clock = ContinuousClock()
    let start = clock.now
    var (products, checksum) = (0, 0.0)
    var elapsed = Duration.zero
    repeat {
      let offset = products
      checksum +=
        ReferenceAccumulation.dot(
          count: count,
          { left[($0 + offset) % left.count] },
          { right[($0 &* 7 + offset) % right.count] },
          model
        ).high
      products += count
      elapsed = start.duration(to: clock.now)
    } while elapsed < .milliseconds(10)
    // The sums are used, so that they are not left out.
    return (elapsed / .seconds(1)) / Double(products) + (checksum == .pi ? .leastNonzeroMagnitude : 0)
  }
}
