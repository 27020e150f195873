import BinadeNetworks
import BinadeNumerics
import BinadeQuantization

extension Configuration {
  /// Whether two configurations run the same: equal quantizers, recipes and accumulators, whatever they were called.
  public func isSame(as other: Configuration) -> Bool {
    hasSameRecipe(as: other) && trained?.state == other.trained?.state
      && onlineBatchSize == other.onlineBatchSize
      && accumulator?.description == other.accumulator?.description
      && Self.isSame(weights, other.weights) && Self.isSame(activations, other.activations)
      && Self.isSame(ends?.weights, other.ends?.weights)
      && Self.isSame(ends?.activations, other.ends?.activations)
      && layers.rules.count == other.layers.rules.count
      && zip(layers.rules, other.layers.rules).allSatisfy {
        $0.target == $1.target && Self.isSame($0.weights, $1.weights)
          && Self.isSame($0.activations, $1.activations)
      }
  }

  /// Bits per channel that are an option are the same as those asked for, where formats have other widths.
  private func hasSameRecipe(as other: Configuration) -> Bool {
    guard var mine = recipe, var theirs = other.recipe else { return recipe == nil && other.recipe == nil }
    if mine == theirs { return true }
    (mine.allocationIsOptional, theirs.allocationIsOptional) = (false, false)
    let target = LayerTarget(weights: weights?.format, activations: activations?.format)
    do {
      try mine.check(target)
    } catch {
      return false
    }
    return mine == theirs
  }

  private static func isSame(_ a: QuantizerSpecification?, _ b: QuantizerSpecification?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    // The text names the format; two definition files may give different ones the same name.
    guard a.description == b.description, a.words == b.words, isSame(a.format.blocks, b.format.blocks) else {
      return false
    }
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
