/// The maps of a batch: images x height x width x channels, in memory that goes back to its pool with the last reference.
final class PooledMap {
  private let buffer: BufferPool.Buffer
  private let pool: BufferPool

  /// Memory for `count` elements.
  init(_ count: Int, from pool: BufferPool) {
    buffer = pool.take(count)
    self.pool = pool
  }

  deinit { pool.give(buffer) }

  var base: UnsafeMutablePointer<Float> { buffer.base }
}
