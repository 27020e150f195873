/// The one place where kernels are chosen.
///
/// Callers ask once per layer; nothing below tests a feature.
package enum KernelTable {
  /// The float32 kernel for `features`: every row fuses multiply and add, so all give the same bits.
  package static func float32(for features: CPUFeatures = .detected) -> FloatMicroKernel {
    if features.contains(.avx512) { return .avx512 }
    if features.contains(.avx2) { return .avx2 }
    if features.contains(.neon) { return .neon }
    return .portable
  }

  /// The kernel for operands that are bfloat16 values, nil where float32 kernels are to compute the same sums.
  static func bfloat16(for features: CPUFeatures) -> BFloat16MicroKernel? {
    features.contains(.avx512BF16) ? .avx512BF16 : nil
  }

  /// The int16 kernel for `features`: sums are exact, so all rows give the same bits.
  package static func int16(for features: CPUFeatures = .detected) -> Int16MicroKernel {
    if features.contains(.avx512VNNI) { return .avx512VNNI }
    if features.contains(.avx512) { return .avx512 }
    if features.contains(.avx2) { return .avx2 }
    if features.contains(.neon) { return .neon }
    return .portable
  }

  /// The kernel for bytes whose products are at most `greatestProduct`, nil where 16-bit operands are faster.
  ///
  /// Sums are exact, so all rows give the same bits.
  package static func bytes(
    for features: CPUFeatures = .detected,
    greatestProduct: Int
  ) -> ByteMicroKernel? {
    if features.contains(.avx512VNNI) { return .avx512VNNI }
    if features.contains(.avxVNNI) { return .avxVNNI }
    if features.contains(.avx2) { return .avx2(greatestProduct: greatestProduct) }
    return nil
  }

  /// Every float32 row that can run here, for tests and benchmarks.
  package static var float32Rows: [FloatMicroKernel] {
    let features = CPUFeatures.detected
    return [.portable] + (features.contains(.avx2) ? [.avx2] : [])
      + (features.contains(.avx512) ? [.avx512] : []) + (features.contains(.neon) ? [.neon] : [])
  }

  /// Every int16 row that can run here.
  package static var int16Rows: [Int16MicroKernel] {
    let features = CPUFeatures.detected
    return [.portable] + (features.contains(.avx2) ? [.avx2] : [])
      + (features.contains(.avx512) ? [.avx512] : [])
      + (features.contains(.avx512VNNI) ? [.avx512VNNI] : []) + (features.contains(.neon) ? [.neon] : [])
  }

  /// Every row for bytes that can run here with products of at most `greatestProduct`.
  package static func byteRows(greatestProduct: Int) -> [ByteMicroKernel] {
    let features = CPUFeatures.detected
    let narrow = features.contains(.avx2) ? ByteMicroKernel.avx2(greatestProduct: greatestProduct) : nil
    return [.portable] + (narrow.map { [$0] } ?? []) + (features.contains(.avxVNNI) ? [.avxVNNI] : [])
      + (features.contains(.avx512VNNI) ? [.avx512VNNI] : [])
  }
}
