import Foundation

/// The most memory this process has had in use.
enum PeakMemory {
  /// Bytes resident at the peak; nil where the system does not say.
  static var byteCount: Int? {
    var usage = rusage()
    #if canImport(Glibc)
    let status = getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let unit = 1024
    #else
    let status = getrusage(RUSAGE_SELF, &usage)
    let unit = 1
    #endif
    guard status == 0 else { return nil }
    return Int(usage.ru_maxrss) * unit
  }
}
