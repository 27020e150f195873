/// Channels that use only a part of a format's values: bits and a zero point of their own.
///
/// - Shape: one entry per channel, or one for all.
public struct ChannelLimits: Sendable, Hashable {
  /// The least value of each channel, in values of the format.
  public let least: [Float]
  /// The greatest value of each channel.
  public let greatest: [Float]
  /// Bits of a code of each channel.
  public let bitWidths: [Int]

  /// Limits of channels.
  ///
  /// - Precondition: as many of each, one at least.
  public init(least: [Float], greatest: [Float], bitWidths: [Int]) {
    precondition(
      !least.isEmpty && least.count == greatest.count && least.count == bitWidths.count,
      "\(least.count), \(greatest.count) and \(bitWidths.count) channels"
    )
    (self.least, self.greatest, self.bitWidths) = (least, greatest, bitWidths)
  }

  /// Those of one channel alone.
  subscript(channel: Int) -> ChannelLimits {
    let index = least.count == 1 ? 0 : channel
    return ChannelLimits(least: [least[index]], greatest: [greatest[index]], bitWidths: [bitWidths[index]])
  }

  /// The value nearest to `quotient` that a channel reaches; NaN stays.
  @inline(__always)
  func clamp(_ quotient: Float, channel: Int) -> Float {
    let index = least.count == 1 ? 0 : channel
    return quotient.clamped(least[index], greatest[index])
  }
}

extension Float {
  /// The number, not below `least` and not above `greatest`; NaN stays.
  @inline(__always)
  func clamped(_ least: Float, _ greatest: Float) -> Float {
    // Comparisons in this direction keep NaN.
    let raised = self < least ? least : self
    return raised > greatest ? greatest : raised
  }
}
