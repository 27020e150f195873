/// The order of the images in an epoch: sorted by a random word each, ties by number.
package enum EpochOrder {
  /// All images of an epoch, each once.
  package static func images(count: Int, epoch: Int, seed: UInt64) -> [Int] {
    let generator = RandomPurpose.order.generator(seed: seed, step: epoch)
    let keys = (0..<count).map { UInt64(generator.word(of: UInt64($0))) << 32 | UInt64($0) }
    return keys.sorted().map { Int($0 & 0xFFFF_FFFF) }
  }
}
