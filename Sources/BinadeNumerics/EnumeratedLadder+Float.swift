extension EnumeratedLadder {
  /// Whether values and boundaries, those at the ends of the range among them, are Floats of fewer than 23 bits, none
  /// of them close to the ends of the range of Float.
  ///
  /// Then a Double rounded to odd in Float (``ElementEncoder/narrowed(_:)``) becomes the same code as itself.
  var fitsFloat: Bool {
    var numbers = rungs.map { Boundary(high: $0.value, low: $0.residual) }
    for (lower, upper) in zip(rungs, rungs.dropFirst()) {
      numbers.append(boundary(between: lower, and: upper))
    }
    for (lower, upper) in [(beforeLeast, least), (greatest, afterGreatest)] {
      numbers.append(boundary(between: lower, and: upper))
      numbers.append(Boundary(high: lower.value))
      numbers.append(Boundary(high: upper.value))
    }
    return numbers.allSatisfy { number in
      let isShort = number.high == 0 || number.high.significandWidth + 1 < Float.significandBitCount
      let isInside = number.high == 0 || (0x1p-125...0x1p126).contains(abs(number.high))
      return number.low == 0 && isShort && isInside
    }
  }
}
