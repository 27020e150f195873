/// Where the steps of depth lie in a row of A: the same channels at one offset per tap.
///
/// A plain matrix has one tap; a convolution has one for each position of its kernel. The order of depth is
/// (tap, channel).
struct DepthLayout: Sendable {
  /// Offsets of the taps from the start of a row, in elements.
  let tapOffsets: [Int]
  /// Consecutive elements per tap.
  let channels: Int

  /// One tap: a plain matrix of `depth` columns.
  init(depth: Int) {
    self.init(tapOffsets: [0], channels: depth)
  }

  init(tapOffsets: [Int], channels: Int) {
    self.tapOffsets = tapOffsets
    self.channels = channels
  }

  /// Products per sum.
  var depth: Int { tapOffsets.count * channels }

  /// Cuts the depth into blocks of about `limit` steps: some taps each, or a part of the channels of one.
  func blocks(limit: Int, group: Int, elementSize: Int) -> [DepthBlock] {
    var blocks: [DepthBlock] = []
    var start = 0
    func append(taps: Range<Int>, channels: Range<Int>) {
      let groupCount = (channels.count + group - 1) / group
      blocks.append(
        DepthBlock(
          taps: taps,
          channels: channels,
          offsets: taps.map { (tapOffsets[$0] + channels.lowerBound) * elementSize },
          groupCount: groupCount,
          start: start
        )
      )
      start += taps.count * groupCount * group
    }
    if channels > limit {
      let pieces = (channels - 1) / limit + 1
      let size = ((channels - 1) / pieces + group) / group * group
      for tap in tapOffsets.indices {
        for first in stride(from: 0, to: channels, by: size) {
          append(taps: tap..<tap + 1, channels: first..<min(first + size, channels))
        }
      }
    } else {
      let pieces = max(1, (tapOffsets.count * max(channels, 1) - 1) / limit + 1)
      let size = max(1, (tapOffsets.count + pieces - 1) / pieces)
      for first in stride(from: 0, to: tapOffsets.count, by: size) {
        append(taps: first..<min(first + size, tapOffsets.count), channels: 0..<channels)
      }
    }
    return blocks
  }
}

/// Some steps of depth that are summed in one call of the micro-kernel.
struct DepthBlock: Sendable {
  let taps: Range<Int>
  let channels: Range<Int>
  /// Per tap, in bytes from the start of a row.
  let offsets: [Int]
  /// Groups per tap.
  let groupCount: Int
  /// Steps before this block, those padded to whole groups included.
  let start: Int
}
