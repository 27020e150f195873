import BinadeNumerics

/// Rounds operands to bfloat16 at random, up with the share of the step that they are above the lower neighbour: the mean is the
/// value.
///
/// The words of an element depend on seed, step, tensor and element: forward and backward see the same operands, whatever the
/// threads.
///
/// - Source: Gupta et al., Deep Learning with Limited Numerical Precision, ICML 2015.
package struct StochasticOperands: Sendable {
  /// Which tensor of a layer is rounded.
  package enum Operand: UInt32 {
    case input, gradient
  }

  let seed: UInt64
  let step: Int

  /// The words of one step.
  package init(seed: UInt64, step: Int) { (self.seed, self.step) = (seed, step) }

  /// Rounds `count` elements in place; the first is element `first` of the tensor.
  ///
  /// - Error: none in the mean: 16 random bits decide on the 16 that are dropped. Infinities and NaN stay.
  package func round(
    _ values: UnsafeMutablePointer<Float>,
    count: Int,
    first: Int,
    layer: Int,
    _ operand: Operand
  ) {
    let generator = CounterGenerator(
      seed: seed,
      tensor: RandomPurpose.operands.rawValue ^ (UInt32(truncatingIfNeeded: layer) << 1 | operand.rawValue)
        << 8,
      step: UInt32(truncatingIfNeeded: step)
    )
    // Eight elements share a block of four words.
    var (block, words) = (-1, SIMD4<UInt32>())
    for index in 0..<count {
      let element = first + index
      if element >> 3 != block {
        block = element >> 3
        words = generator.words(ofBlock: UInt64(block))
      }
      let word = words[(element & 7) >> 1] >> (element & 1 == 0 ? 0 : 16) & 0xFFFF
      guard values[index].isFinite else { continue }
      values[index] = Float(bitPattern: (values[index].bitPattern &+ word) & 0xFFFF_0000)
    }
  }
}

/// How operands become bfloat16.
public enum OperandRounding: String, Sendable, Hashable, CaseIterable {
  /// To the nearest, ties to even.
  case nearestEven
  /// At random, with the value as the mean: inputs and gradients; weights to the nearest.
  case stochastic
}
