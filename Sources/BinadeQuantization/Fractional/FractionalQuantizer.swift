import BinadeNumerics

/// A quantizer between two others: (1 - p) Q_l(x) + p Q_u(x).
///
/// What it makes is of no format, so it runs on products of real numbers. A class: lines of pixels are many, and copies of two quantizers
/// for each of them cost more than the line.
///
/// - Error: values are brought to the units of a format by a product and a quotient, and mixed by two products and a sum, each rounded
///   to float32.
/// - Source: methods.md 2.4.
public final class FractionalQuantizer: Sendable {
  /// Both sides; nil takes every value for 0.
  private let lower: Side?, upper: Side?
  /// The share p of the upper one.
  public let share: Double

  /// A format with values up to a bound: values are brought to its units by a product, as the formula has it, for a step that float32
  /// rounds would move ties.
  private final class Side: Sendable {
    let quantizer: Quantizer
    let steps: Float, bound: Float
    /// What a unit of the format is worth.
    var unit: Double { Double(bound) / Double(steps) }

    init(_ link: FormatChain.Link, bound: Double) {
      quantizer = Quantizer(link.codec, scales: .tensor(1))
      (steps, self.bound) = (Float(link.steps), Float(bound))
    }

    /// Writes values of the format, in its units.
    func quantize(
      _ values: UnsafeBufferPointer<Float>,
      channels: Int,
      into output: UnsafeMutablePointer<Float>
    ) {
      if bound == 1 {
        for index in values.indices { output[index] = max(-steps, min(steps, values[index] * steps)) }
      } else {
        for index in values.indices { output[index] = max(-steps, min(steps, values[index] * steps / bound)) }
      }
      let scaled = UnsafeBufferPointer(start: output, count: values.count)
      quantizer.fakeQuantize(scaled, channels: channels, into: output)
    }
  }

  /// A quantizer at a place of a chain, whose formats fill -`bound` to `bound`, or 0 to `bound`.
  init(_ chain: FormatChain, _ links: [FormatChain.Link?], place: Double, bound: Double) {
    let (low, high, share) = chain.neighbours(of: place)
    lower = links[low].map { Side($0, bound: bound) }
    upper = links[high].map { Side($0, bound: bound) }
    self.share = share
  }

  /// Writes the mixture, and Q_u(x) - Q_l(x), its derivative by the place: 0 at a format itself.
  ///
  /// - Shape: whole pixels of `channels`; as many in `output` and `slope`, which may be nil.
  public func mix(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    into output: UnsafeMutablePointer<Float>,
    slope: UnsafeMutablePointer<Float>? = nil
  ) {
    let count = values.count
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * count) { room in
      guard let low = room.baseAddress else { return }
      let high = low + count
      quantize(lower, values, channels, into: low)
      let (lowUnit, highUnit) = (lower?.unit ?? 0, upper?.unit ?? 0)
      guard share > 0 else {
        let factor = Float(lowUnit)
        for index in 0..<count { output[index] = low[index] * factor }
        slope?.update(repeating: 0, count: count)
        return
      }
      quantize(upper, values, channels, into: high)
      let (lowFactor, highFactor) = (Float((1 - share) * lowUnit), Float(share * highUnit))
      for index in 0..<count { output[index] = low[index] * lowFactor + high[index] * highFactor }
      guard let slope else { return }
      let (lowStep, highStep) = (Float(lowUnit), Float(highUnit))
      for index in 0..<count { slope[index] = high[index] * highStep - low[index] * lowStep }
    }
  }

  private func quantize(
    _ side: Side?,
    _ values: UnsafeBufferPointer<Float>,
    _ channels: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    guard let side else { return output.update(repeating: 0, count: values.count) }
    side.quantize(values, channels: channels, into: output)
  }
}
