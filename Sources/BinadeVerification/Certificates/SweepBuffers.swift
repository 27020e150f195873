/// The memory that one thread needs to sweep a chunk of inputs.
final class SweepBuffers {
  /// The inputs of the chunk.
  let input = UnsafeMutableBufferPointer<Float>.allocate(capacity: ExhaustiveSweep.chunkSize)
  let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
  let words = UnsafeMutablePointer<UInt16>.allocate(capacity: capacity)
  let values = UnsafeMutablePointer<Float>.allocate(capacity: capacity)
  private let mixedInput = UnsafeMutableBufferPointer<Float>.allocate(capacity: capacity)
  private var mixedLength = 0
  private var mixedCount = 0

  /// Room for an infinity with each other input, the shortest pieces there are.
  private static let capacity = 2 * ExhaustiveSweep.chunkSize

  deinit {
    input.deallocate()
    bytes.deallocate()
    words.deallocate()
    values.deallocate()
    mixedInput.deallocate()
  }

  /// Fills the input with the bit patterns from `firstBits` on.
  func fill(from firstBits: UInt32) {
    for offset in 0..<ExhaustiveSweep.chunkSize {
      input[offset] = Float(bitPattern: firstBits | UInt32(truncatingIfNeeded: offset))
    }
    mixedLength = 0
  }

  /// The inputs in pieces of `length`, each with an infinity before `length - 1` of them; the last piece may be shorter.
  ///
  /// - Precondition: `length` is at least 2.
  func mixed(pieceLength length: Int) -> UnsafeBufferPointer<Float> {
    if mixedLength != length {
      precondition(length >= 2, "pieces of \(length)")
      mixedLength = length
      mixedCount = 0
      for start in stride(from: 0, to: input.count, by: length - 1) {
        mixedInput[mixedCount] = .infinity
        let count = min(length - 1, input.count - start)
        for offset in 0..<count { mixedInput[mixedCount + 1 + offset] = input[start + offset] }
        mixedCount += count + 1
      }
    }
    return UnsafeBufferPointer(rebasing: mixedInput[..<mixedCount])
  }

  /// Takes what became of the infinities out again, in place.
  func takeOutInfinities<Element>(of results: UnsafeMutablePointer<Element>) {
    for start in stride(from: 0, to: input.count, by: mixedLength - 1) {
      let source = start / (mixedLength - 1) * mixedLength + 1
      let count = min(mixedLength - 1, input.count - start)
      (results + start).update(from: results + source, count: count)
    }
  }
}
