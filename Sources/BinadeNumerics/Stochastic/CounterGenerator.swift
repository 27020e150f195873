/// Random words by counting: the word of an element depends on seed, tensor, step and element index alone, never on the
/// order of the elements, the chunks they come in or the threads that ask.
///
/// The word is the first of the four that Philox4x32-10 makes of the counter (element index, low then high half;
/// tensor; step) under the key (seed, low then high half).
///
/// - Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
public struct CounterGenerator: Sendable, Hashable {
  /// The key.
  public let seed: UInt64
  /// The number of the tensor.
  public let tensor: UInt32
  /// The number of the step, for tensors that are drawn for again and again.
  public let step: UInt32

  /// Creates the words of one tensor, in one step.
  public init(seed: UInt64 = 0, tensor: UInt32 = 0, step: UInt32 = 0) {
    self.seed = seed
    self.tensor = tensor
    self.step = step
  }

  /// Returns the 32 random bits of an element.
  ///
  /// - Complexity: O(1): 20 multiplications.
  public func word(of element: UInt64) -> UInt32 { words(ofBlock: element).x }

  /// Returns all four words of a block, for bulk use: another mapping than ``word(of:)``, which takes one of each.
  ///
  /// - Complexity: O(1): 20 multiplications.
  public func words(ofBlock block: UInt64) -> SIMD4<UInt32> {
    let key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    let (low, high) = (UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32))
    return Self.block(counter: SIMD4(low, high, tensor, step), key: key)
  }

  /// Philox4x32-10: ten rounds over a counter of four words.
  @inline(__always)
  package static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (x, y, z, w) = (counter.x, counter.y, counter.z, counter.w)
    var (keyX, keyY) = (key.x, key.y)
    for _ in 0..<10 {
      let first = UInt64(x) &* 0xD251_1F53
      let second = UInt64(z) &* 0xCD9E_8D57
      x = UInt32(truncatingIfNeeded: second >> 32) ^ y ^ keyX
      y = UInt32(truncatingIfNeeded: second)
      z = UInt32(truncatingIfNeeded: first >> 32) ^ w ^ keyY
      w = UInt32(truncatingIfNeeded: first)
      keyX &+= 0x9E37_79B9
      keyY &+= 0xBB67_AE85
    }
    return SIMD4(x, y, z, w)
  }
}
