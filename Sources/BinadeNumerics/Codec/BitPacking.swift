/// Eight codes of one byte each to and from `bitWidth` bytes: within one 64-bit word, pairs of neighbours are joined
/// three times.
struct BitPacking: Sendable {
  private let bitWidth: Int
  /// How far neighbours of 8, 16 and 32 bits are apart when packed, and the bits of the lower one.
  private let gaps: (UInt64, UInt64, UInt64)
  private let masks: (UInt64, UInt64, UInt64)

  init(_ bitWidth: Int) {
    self.bitWidth = bitWidth
    let unused = UInt64(8 - bitWidth)
    gaps = (unused, 2 * unused, 4 * unused)
    masks = (
      UInt64.max / 0xFFFF &* (1 << UInt64(bitWidth) - 1),
      UInt64.max / 0xFFFF_FFFF &* (1 << UInt64(2 * bitWidth) - 1),
      1 << UInt64(4 * bitWidth) - 1
    )
  }

  /// Packs codes; returns all of them joined by or, to tell whether one is too wide.
  ///
  /// - Precondition: `bytes` has room for them.
  func pack(_ codes: UnsafeBufferPointer<UInt8>, into bytes: UnsafeMutableRawBufferPointer) -> UInt64 {
    var all: UInt64 = 0
    let source = UnsafeRawBufferPointer(codes)
    let groupCount = codes.count / 8
    // A word is stored whole as long as one fits; the groups after it overwrite what is too much.
    let wholeCount = bytes.count < 8 ? 0 : min(groupCount, (bytes.count - 8) / bitWidth + 1)
    for group in 0..<wholeCount {
      let word = UInt64(littleEndian: source.loadUnaligned(fromByteOffset: 8 * group, as: UInt64.self))
      all |= word
      bytes.storeBytes(of: joined(word).littleEndian, toByteOffset: group * bitWidth, as: UInt64.self)
    }
    for start in stride(from: 8 * wholeCount, to: codes.count, by: 8) {
      var word: UInt64 = 0
      for index in 0..<min(8, codes.count - start) {
        word |= UInt64(codes[start + index]) << UInt64(8 * index)
      }
      all |= word
      let packed = joined(word)
      let first = start / 8 * bitWidth
      for index in 0..<min(bitWidth, bytes.count - first) {
        bytes[first + index] = UInt8(truncatingIfNeeded: packed >> UInt64(8 * index))
      }
    }
    all |= all >> 32
    all |= all >> 16
    return (all | all >> 8) & 0xFF
  }

  /// Unpacks as many codes as there are places.
  ///
  /// - Precondition: `bytes` holds them.
  func unpack(_ bytes: UnsafeRawBufferPointer, into codes: UnsafeMutableBufferPointer<UInt8>) {
    let target = UnsafeMutableRawBufferPointer(codes)
    let groupCount = codes.count / 8
    let wholeCount = bytes.count < 8 ? 0 : min(groupCount, (bytes.count - 8) / bitWidth + 1)
    for group in 0..<wholeCount {
      let word = UInt64(
        littleEndian: bytes.loadUnaligned(fromByteOffset: group * bitWidth, as: UInt64.self)
      )
      target.storeBytes(of: parted(word).littleEndian, toByteOffset: 8 * group, as: UInt64.self)
    }
    for start in stride(from: 8 * wholeCount, to: codes.count, by: 8) {
      var word: UInt64 = 0
      let first = start / 8 * bitWidth
      for index in 0..<min(bitWidth, bytes.count - first) {
        word |= UInt64(bytes[first + index]) << UInt64(8 * index)
      }
      let codeWord = parted(word)
      for index in 0..<min(8, codes.count - start) {
        codes[start + index] = UInt8(truncatingIfNeeded: codeWord >> UInt64(8 * index))
      }
    }
  }

  @inline(__always)
  private func joined(_ word: UInt64) -> UInt64 {
    let pairs = word & masks.0 | (word & masks.0 << 8) >> gaps.0
    let quads = pairs & masks.1 | (pairs & masks.1 << 16) >> gaps.1
    return quads & masks.2 | (quads & masks.2 << 32) >> gaps.2
  }

  @inline(__always)
  private func parted(_ word: UInt64) -> UInt64 {
    let quads = word & masks.2 | word << gaps.2 & masks.2 << 32
    let pairs = quads & masks.1 | quads << gaps.1 & masks.1 << 16
    return pairs & masks.0 | pairs << gaps.0 & masks.0 << 8
  }
}
