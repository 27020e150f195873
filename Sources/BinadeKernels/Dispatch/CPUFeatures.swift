import CBinadeKernels

/// The instruction sets that kernels can be chosen by.
public struct CPUFeatures: OptionSet, Sendable, Hashable {
  /// One bit per instruction set.
  public let rawValue: UInt32

  /// Features by their bits.
  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// 256-bit integers and floats, with fused multiply-add.
  public static let avx2 = CPUFeatures(rawValue: BINADE_CPU_AVX2)
  /// 256-bit dot products of bytes (VPDPBUSD).
  public static let avxVNNI = CPUFeatures(rawValue: BINADE_CPU_AVX_VNNI)
  /// 512-bit integers and floats: the extensions F, BW, DQ and VL.
  public static let avx512 = CPUFeatures(rawValue: BINADE_CPU_AVX512)
  /// 512-bit dot products of bytes and 16-bit integers.
  public static let avx512VNNI = CPUFeatures(rawValue: BINADE_CPU_AVX512_VNNI)
  /// 512-bit dot products of bfloat16 pairs.
  public static let avx512BF16 = CPUFeatures(rawValue: BINADE_CPU_AVX512_BF16)
  /// 128-bit integers and floats of 64-bit ARM.
  public static let neon = CPUFeatures(rawValue: BINADE_CPU_NEON)
  /// What every machine has: plain Swift kernels.
  public static let portable: CPUFeatures = []

  /// What the probe found on this machine, within `BINADE_MAX_ISA` (portable, avx2 or avx512) if that is set.
  public static let detected = CPUFeatures(rawValue: binade_probe_cpu())

  /// What `BINADE_MAX_ISA` may say; the probe takes any other value for none.
  public static let limitNames = ["portable", "avx2", "avx512"]

  private static let allNames: [(feature: CPUFeatures, name: String)] = [
    (.avx2, "avx2"), (.avx2, "fma"), (.avxVNNI, "avxvnni"), (.avx512, "avx512"),
    (.avx512VNNI, "avx512vnni"), (.avx512BF16, "avx512bf16"), (.neon, "neon"),
  ]

  /// Names for reports.
  public var names: [String] {
    isEmpty ? ["baseline"] : Self.allNames.filter { contains($0.feature) }.map(\.name)
  }
}
