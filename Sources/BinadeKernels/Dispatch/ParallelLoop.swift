import Dispatch
import Synchronization

/// The one way Binade runs on several threads.
public enum ParallelLoop {
  /// Calls `body` once for each index of `0 ..< count`, on up to `threads` threads, in any order.
  ///
  /// Bodies must write to places of their own; then the outcome does not depend on the number of threads.
  public static func run(count: Int, threads: Int, _ body: (Int) -> Void) {
    let workers = min(threads, count)
    guard workers > 1 else {
      for index in 0..<count { body(index) }
      return
    }
    let next = Atomic<Int>(0)
    // Safe although the body is not Sendable: the loop ends before `run` returns, so the body does not escape,
    // and each index is handed to exactly one call, whose writes are its own by the contract above.
    nonisolated(unsafe) let shared = body
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        shared(index)
      }
    }
  }

  /// Returns `body`'s results for `0 ..< count`, in order.
  public static func map<Result: Sendable>(
    count: Int,
    threads: Int,
    _ body: (Int) -> Result
  ) -> [Result] {
    var results = [Result?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { buffer in
      let slots = buffer.baseAddress
      run(count: count, threads: threads) { index in slots?[index] = body(index) }
    }
    return results.compactMap { $0 }
  }
}
