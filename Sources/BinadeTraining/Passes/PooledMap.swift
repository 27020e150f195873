import BinadeKernels

/// The maps of a batch: images x height x width x channels, in memory that goes back to its pool with the last reference.
final class PooledMap {
  private let buffer: BufferPool.Buffer
  private let pool: BufferPool
  private let element: FeatureMap.Element

  /// Memory for `count` elements.
  init(_ count: Int, of element: FeatureMap.Element = .float32, from pool: BufferPool) {
    buffer = pool.take(element == .float32 ? count : (count + 1) / 2)
    self.element = element
    self.pool = pool
  }

  deinit { pool.give(buffer) }

  /// Where the elements lie.
  var map: FeatureMap { FeatureMap(UnsafeMutableRawPointer(buffer.base), element) }

  /// The elements of a map of float32.
  var base: UnsafeMutablePointer<Float> { map.floats }
}
