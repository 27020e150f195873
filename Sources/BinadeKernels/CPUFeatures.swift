import CBinadeKernels

/// The instruction sets that this processor and operating system offer.
public struct CPUFeatures: Sendable, Hashable {
  /// 256-bit integers and floats, with fused multiply-add.
  public let hasAVX2: Bool

  /// Features to choose kernels by; `detected` is what this machine has.
  public init(hasAVX2: Bool) {
    self.hasAVX2 = hasAVX2
  }

  /// What the probe found on this machine.
  public static let detected: CPUFeatures = {
    let probe = binade_probe_cpu()
    return CPUFeatures(hasAVX2: probe.avx2 && probe.fma && binade_has_avx2_kernels())
  }()

  /// Names for reports.
  public var names: [String] { hasAVX2 ? ["avx2", "fma"] : ["baseline"] }
}
