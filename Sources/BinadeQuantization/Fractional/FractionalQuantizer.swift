import BinadeNumerics

/// A quantizer between two others: (1 - p) Q_l(x) + p Q_u(x).
///
/// What it makes is of no format, so it runs on float32.
///
/// - Source: methods.md 2.4.
public struct FractionalQuantizer: Sendable {
  /// Both sides; nil takes every value for 0.
  private let lower: Side?, upper: Side?
  /// The share p of the upper one.
  public let share: Double

  /// A format with values up to a bound: values are brought to its units by a product, as the formula has it, for a step that float32
  /// rounds would move ties.
  private struct Side: Sendable {
    let quantizer: Quantizer
    let steps: Double, bound: Double

    init(_ link: FormatChain.Link, bound: Double) {
      quantizer = Quantizer(link.codec, scales: .tensor(1))
      (steps, self.bound) = (link.steps, bound)
    }

    func quantize(
      _ values: UnsafeBufferPointer<Float>,
      channels: Int,
      into output: UnsafeMutablePointer<Float>
    ) {
      for index in values.indices { output[index] = Float(Double(values[index]) * steps / bound) }
      quantizer.fakeQuantize(
        UnsafeBufferPointer(start: output, count: values.count),
        channels: channels,
        into: output
      )
      for index in values.indices { output[index] = Float(Double(output[index]) * bound / steps) }
    }
  }

  /// A quantizer at a place of a chain, whose formats fill -`bound` to `bound`, or 0 to `bound`.
  init(_ chain: FormatChain, _ links: [FormatChain.Link?], place: Double, bound: Double) {
    let (low, high, share) = chain.neighbours(of: place)
    lower = links[low].map { Side($0, bound: bound) }
    upper = links[high].map { Side($0, bound: bound) }
    self.share = share
  }

  /// Writes the mixture, in Double and rounded once.
  ///
  /// - Shape: whole pixels of `channels`, as many in `output`.
  public func mix(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    withBoth(values, channels) { low, high in
      for index in values.indices {
        output[index] = Float((1 - share) * Double(low[index]) + share * Double(high[index]))
      }
    }
  }

  /// Writes Q_u(x) - Q_l(x), the derivative by the place: 0 at a format itself.
  ///
  /// - Shape: as ``mix(_:channels:into:)``.
  public func slope(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    guard share > 0 else { return output.update(repeating: 0, count: values.count) }
    withBoth(values, channels) { low, high in
      for index in values.indices { output[index] = high[index] - low[index] }
    }
  }

  private func withBoth(
    _ values: UnsafeBufferPointer<Float>,
    _ channels: Int,
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * values.count) { room in
      guard let low = room.baseAddress else { return }
      let high = low + values.count
      for (side, place) in [(lower, low), (upper, high)] {
        guard let side else {
          place.update(repeating: 0, count: values.count)
          continue
        }
        side.quantize(values, channels: channels, into: place)
      }
      body(low, high)
    }
  }
}
