import BinadeNumerics
import BinadeQuantization

extension Configuration {
  /// Whether two configurations run the same: equal quantizers, recipes and accumulators, whatever they were called.
  public func isSame(as other: Configuration) -> Bool {
    recipe == other.recipe && onlineBatchSize == other.onlineBatchSize
      && accumulator?.description == other.accumulator?.description
      && Self.isSame(weights, other.weights) && Self.isSame(activations, other.activations)
      && Self.isSame(ends?.weights, other.ends?.weights)
      && Self.isSame(ends?.activations, other.ends?.activations)
  }

  private static func isSame(_ a: QuantizerSpecification?, _ b: QuantizerSpecification?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    // The text names the format; two definition files may give different ones the same name.
    guard a.description == b.description, isSame(a.format.blocks, b.format.blocks) else { return false }
    let (one, two) = (a.format.element, b.format.element)
    return one.info == two.info && hasSameValues(one, two)
  }

  private static func isSame(_ a: BlockFormat?, _ b: BlockFormat?) -> Bool {
    a.map { String(reflecting: $0) } == b.map { String(reflecting: $0) }
  }

  /// Whether all codes mean the same, for formats that can be listed.
  private static func hasSameValues(_ a: any NumericFormat, _ b: any NumericFormat) -> Bool {
    guard a.bitWidth <= 16 else { return true }
    return a.codes.allSatisfy {
      let (x, y) = (a.decode(UInt32($0)), b.decode(UInt32($0)))
      return x.bitPattern == y.bitPattern || (x.isNaN && y.isNaN)
    }
  }
}
