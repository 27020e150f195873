import CBinadeKernels

/// The closed-form codec functions of one instruction set.
struct CodecRow: Sendable {
  /// The instruction set.
  let name: String
  /// What the processor must have.
  let required: CPUFeatures
  let encode:
    @Sendable @convention(c) (
      UnsafePointer<Float>?, Int, UnsafePointer<binade_closed_form>?, binade_scaling, UInt32,
      UnsafeMutableRawPointer?
    ) -> Void
  let round:
    @Sendable @convention(c) (
      UnsafePointer<Float>?, Int, UnsafePointer<binade_closed_form>?, binade_scaling,
      UnsafeMutablePointer<Float>?
    ) -> Void
  let decode:
    @Sendable @convention(c) (
      UnsafeRawPointer?, UInt32, Int, UnsafePointer<binade_closed_form>?, binade_scaling,
      UnsafeMutablePointer<Float>?
    ) -> Void

  /// All rows of this architecture, the fastest first; the last one runs everywhere.
  static let all: [CodecRow] = {
    var rows: [CodecRow] = []
    #if arch(x86_64)
    rows.append(
      CodecRow(
        name: "avx512",
        required: .avx512,
        encode: binade_encode_avx512,
        round: binade_round_avx512,
        decode: binade_decode_avx512
      )
    )
    rows.append(
      CodecRow(
        name: "avx2",
        required: .avx2,
        encode: binade_encode_avx2,
        round: binade_round_avx2,
        decode: binade_decode_avx2
      )
    )
    #endif
    rows.append(
      CodecRow(
        name: "portable",
        required: .portable,
        encode: binade_encode_portable,
        round: binade_round_portable,
        decode: binade_decode_portable
      )
    )
    return rows
  }()

  /// The fastest row that `features` allow.
  static func select(_ features: CPUFeatures) -> CodecRow {
    all.first { features.isSuperset(of: $0.required) } ?? all[all.count - 1]
  }
}
