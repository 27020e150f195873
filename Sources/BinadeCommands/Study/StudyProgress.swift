import Binade
import Foundation

/// What is seen of a study that runs: a bar on a terminal; elsewhere a line at most every ten seconds.
final class StudyProgress {
  private let console: Console
  private let bar: ProgressBar
  private var best: (label: String, accuracy: Double)?
  private var lastLine = ContinuousClock.now

  /// `total`: the runs to do.
  init(total: Int, _ console: Console) {
    self.console = console
    bar = ProgressBar(total: total)
  }

  /// Notes that a run has begun, or has done an epoch of its training.
  func began(_ point: StudyPoint, _ epoch: TrainingHistory.Epoch?) {
    let leader = best.map { "; best \(Self.percent($0.accuracy)) %: \($0.label)" } ?? ""
    let training = epoch.map {
      "; epoch \($0.epoch), loss \(String(format: "%.3f", $0.loss)), top-1 "
        + ($0.accuracy.map { "\(Self.percent($0)) %" } ?? "-")
    }
    bar.setLabel(point.label + (training ?? "") + leader)
    // Drawn anew, nothing more is done.
    bar.advance(0)
    let now = ContinuousClock.now
    guard !console.isInteractive, now - lastLine > .seconds(10) else { return }
    lastLine = now
    console.writeError(point.label + (training ?? ""))
  }

  /// Notes a run that is done, now or before.
  func done(_ run: StoredRun?, _ point: StudyPoint) {
    bar.advance(1)
    if let failure = run?.failure { console.writeError("note: \(point.label): \(failure)") }
    guard case .real(let accuracy)? = run?.values["top1Accuracy"] else { return }
    if best.map({ $0.accuracy < accuracy }) ?? true { best = (point.label, accuracy) }
  }

  /// Other processes are at the runs that are left: they finish them, or end, and the runs are taken over.
  func waits(for count: Int) { bar.setLabel("waiting for \(count) runs of other processes") }

  /// Removes the bar.
  func finish() { bar.finish() }

  private static func percent(_ share: Double) -> String { String(format: "%.2f", 100 * share) }
}
