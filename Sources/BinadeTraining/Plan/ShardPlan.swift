import BinadeNetworks

/// How the images of a batch are shared out: in shards of a fixed length, which threads take in any order.
///
/// Sums over images are made shard by shard, then over the shards in a fixed order: bits depend on the length of a shard, never
/// on the number of threads.
struct ShardPlan: Sendable {
  /// Images of a shard; the last may have fewer.
  static let length = 8

  let imageCount: Int

  var count: Int { (imageCount + Self.length - 1) / Self.length }

  func images(ofShard shard: Int) -> Range<Int> {
    shard * Self.length..<min((shard + 1) * Self.length, imageCount)
  }

  /// The images of a shard, some at a time: small ones go together, so that their pixels fill whole tiles.
  ///
  /// `pixelCount`: pixels of an image. `multiple`: images that must go together, but at the end of the shard.
  func groups(ofShard shard: Int, pixelCount: Int, multiple: Int = 1) -> [Range<Int>] {
    let images = images(ofShard: shard)
    let size = max(multiple, 256 / pixelCount / multiple * multiple)
    return stride(from: images.lowerBound, to: images.upperBound, by: size).map {
      $0..<min($0 + size, images.upperBound)
    }
  }
}
