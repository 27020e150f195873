/// The one place where kernels are chosen.
///
/// Callers ask once per layer; nothing below tests a feature.
public enum KernelTable {
  /// The float32 kernel for `features`: every row fuses multiply and add, so all give the same bits.
  public static func float32(for features: CPUFeatures = .detected) -> FloatMicroKernel {
    features.contains(.avx2) ? .avx2 : .portable
  }

  /// The int16 kernel for `features`: sums are exact, so all rows give the same bits.
  public static func int16(for features: CPUFeatures = .detected) -> Int16MicroKernel {
    features.contains(.avx2) ? .avx2 : .portable
  }

  /// Every float32 row that can run here, for tests and benchmarks.
  public static var float32Rows: [FloatMicroKernel] {
    CPUFeatures.detected.contains(.avx2) ? [.portable, .avx2] : [.portable]
  }

  /// Every int16 row that can run here.
  public static var int16Rows: [Int16MicroKernel] {
    CPUFeatures.detected.contains(.avx2) ? [.portable, .avx2] : [.portable]
  }
}
