import Binade

/// What `--accumulator` takes, for the help of several commands.
enum AccumulatorHelp {
  /// The grammar, and the matrix units by name.
  static let text = """
    An accumulator is FORMAT[:OVERFLOW][:ROUNDING]: bfloat16, q15.16:wrap, int24, int32:saturate, float16:towardZero.
    Integers and fixed point go up to 62 bits in accumulators: int48, q31.16. Matrix units, which take only their own
    formats and have groups, an alignment and an order of their own:
    \(units.joined(separator: "\n"))
    """

  private static let units = MatrixUnit.all.map { unit in
    "  \(unit.name)\(String(repeating: " ", count: max(1, 24 - unit.name.count)))\(unit.summary)"
  }
}
