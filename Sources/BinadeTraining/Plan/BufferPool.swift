/// Memory for maps: what one step has given back, the next takes again.
///
/// Not Sendable: one owner.
final class BufferPool {
  /// Memory of a number of elements.
  struct Buffer {
    let base: UnsafeMutablePointer<Float>
    let capacity: Int
  }

  private var free: [Buffer] = []
  private var all: [Buffer] = []

  /// Bytes of all buffers.
  private(set) var byteCount = 0

  deinit {
    for buffer in all { UnsafeMutableRawPointer(buffer.base).deallocate() }
  }

  /// The smallest free buffer of at least `count` elements, or a new one.
  ///
  /// A new one holds zeros; others what they held.
  func take(_ count: Int) -> Buffer {
    let fitting = free.indices.filter { free[$0].capacity >= count && free[$0].capacity <= 4 * count + 1024 }
    if let best = fitting.min(by: { free[$0].capacity < free[$1].capacity }) { return free.remove(at: best) }
    let capacity = max(count, 16)
    let byteCount = capacity * MemoryLayout<Float>.stride
    let base = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
      .bindMemory(to: Float.self, capacity: capacity)
    base.initialize(repeating: 0, count: capacity)
    let buffer = Buffer(base: base, capacity: capacity)
    all.append(buffer)
    self.byteCount += byteCount
    return buffer
  }

  /// Gives a buffer back.
  func give(_ buffer: Buffer) { free.append(buffer) }
}
