/// Two sums per channel in Double: what batch norm needs of a map, forward (deviations and squares) and backward
/// (gradients and their products with deviations).
package struct ChannelSums: Sendable, Hashable {
  /// Σ(z - c) or Σg.
  package var first: [Double]
  /// Σ(z - c)² or Σg(z - c).
  package var second: [Double]

  /// Sums of nothing.
  package init(channels: Int) {
    first = Array(repeating: 0, count: channels)
    second = first
  }

  /// Adds the sums of other pixels.
  ///
  /// - Precondition: as many channels.
  package static func += (sums: inout ChannelSums, more: ChannelSums) {
    precondition(sums.first.count == more.first.count, "sums of other channels")
    for channel in sums.first.indices {
      sums.first[channel] += more.first[channel]
      sums.second[channel] += more.second[channel]
    }
  }
}
