import Binade
import Foundation
import Synchronization

/// What happens when the process is interrupted: what it left half-done goes away, and it ends by the signal.
///
/// Work that has something to finish first takes signals itself (``hand(to:)``); a second one ends the process all the same.
enum Interrupts {
  /// Who takes the next signal.
  private static let taker = Mutex<StopRequest?>(nil)

  /// Lets `request` take the next signal.
  static func hand(to request: StopRequest) { taker.withLock { $0 = request } }

  /// Lets signals end the process again.
  static func takeBack() { taker.withLock { $0 = nil } }

  /// Ends the process by a signal that was taken before.
  static func end(by signal: Int32) -> Never {
    Leftovers.ofProcess.clear { raise(signal) }
    exit(128 + signal)
  }

  /// Ends the process by the signal itself, so that a shell knows that it was one.
  private static func raise(_ number: Int32) {
    signal(number, SIG_DFL)
    kill(getpid(), number)
    while true { pause() }
  }

  /// The end of a pipe that signals are written to: all that a handler of signals may do.
  private static let pipeEnd = Atomic<Int32>(-1)

  /// Handles SIGINT, SIGTERM and SIGHUP, except those that the process was told to ignore.
  static func install() {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    pipeEnd.store(ends[1], ordering: .sequentiallyConsistent)
    let readEnd = ends[0]
    Thread.detachNewThread {
      while true {
        var number: UInt8 = 0
        while read(readEnd, &number, 1) != 1 {}
        if let taker = taker.withLock({ $0 }), taker.take(Int32(number)) { continue }
        Leftovers.ofProcess.clear { raise(Int32(number)) }
      }
    }
    var handled = sigset_t()
    sigemptyset(&handled)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      sigaddset(&handled, number)
      let before = signal(number) { number in
        let code = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(Interrupts.pipeEnd.load(ordering: .relaxed), &byte, 1)
        errno = code
      }
      if unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(number, SIG_IGN)
      }
    }
    // A program that was started from a thread with signals held back (any of a dispatch queue) would never hear them.
    pthread_sigmask(SIG_UNBLOCK, &handled, nil)
  }
}

/// A wish to stop soon: the first signal sets it, a second one is not taken.
final class StopRequest: Sendable {
  private let number = Atomic<Int32>(0)

  /// The signal that asked; nil when none did.
  var signal: Int32? {
    let number = number.load(ordering: .sequentiallyConsistent)
    return number == 0 ? nil : number
  }

  /// Whether to stop.
  var isRequested: Bool { signal != nil }

  /// Notes a signal; false when one was noted before.
  func take(_ signal: Int32) -> Bool {
    number.compareExchange(expected: 0, desired: signal, ordering: .sequentiallyConsistent).exchanged
  }
}
