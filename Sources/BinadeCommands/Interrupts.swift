import Binade
import Foundation
import Synchronization

/// What happens when the process is interrupted: what it left half-done goes away, and it ends by the signal.
enum Interrupts {
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
      var number: UInt8 = 0
      while read(readEnd, &number, 1) != 1 {}
      Leftovers.ofProcess.clear {
        // Ended by the signal itself, so that a shell knows that it was one.
        signal(Int32(number), SIG_DFL)
        kill(getpid(), Int32(number))
        while true { pause() }
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
