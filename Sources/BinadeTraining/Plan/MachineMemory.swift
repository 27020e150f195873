import Foundation

/// How much memory there is to train in.
enum MachineMemory {
  /// Bytes of the machine, or fewer where its control group is allowed fewer.
  static var byteCount: Int {
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap {
      (try? String(contentsOfFile: $0, encoding: .utf8)).flatMap {
        Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
      }
    }
    return limits.reduce(Int(clamping: ProcessInfo.processInfo.physicalMemory), min)
  }
}
