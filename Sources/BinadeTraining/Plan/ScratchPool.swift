import Synchronization

/// Working memory of loop bodies: the one that was given back last is taken first, still in the caches.
///
/// Memory from the allocator would be new pages, cleared by the system, at each turn.
final class ScratchPool: Sendable {
  private struct State: ~Copyable {
    // Safe: buffers are reached under the lock, and by one body between `take` and `give`.
    nonisolated(unsafe) var free: [UnsafeMutableBufferPointer<Float>] = []
  }

  private let state = Mutex(State())

  deinit {
    state.withLock { for buffer in $0.free { UnsafeMutableRawPointer(buffer.baseAddress)?.deallocate() } }
  }

  /// Calls `body` with memory for `count` elements, aligned to a cache line, that holds anything.
  func with(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
    let buffer = take(count)
    if let base = buffer.baseAddress { body(base) }
    state.withLock { $0.free.append(buffer) }
  }

  private func take(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
    let last = state.withLock { $0.free.popLast() }
    if let last, last.count >= count { return last }
    UnsafeMutableRawPointer(last?.baseAddress)?.deallocate()
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride,
      alignment: 64
    )
    return UnsafeMutableBufferPointer(start: memory.bindMemory(to: Float.self, capacity: count), count: count)
  }
}
