import CBinadeKernels

/// The closed-form codec functions of one instruction set.
package struct CodecRow: Sendable {
  /// The instruction set.
  package let name: String
  /// What the processor must have.
  package let required: CPUFeatures
  package var encode:
    @Sendable @convention(c) (
      UnsafePointer<Float>?, Int, UnsafePointer<binade_closed_form>?, binade_scaling, UInt32,
      UnsafeMutableRawPointer?
    ) -> Void
  package var round:
    @Sendable @convention(c) (
      UnsafePointer<Float>?, Int, UnsafePointer<binade_closed_form>?, binade_scaling,
      UnsafeMutablePointer<Float>?
    ) -> Void
  package var decode:
    @Sendable @convention(c) (
      UnsafeRawPointer?, UInt32, Int, UnsafePointer<binade_closed_form>?, binade_scaling,
      UnsafeMutablePointer<Float>?
    ) -> Void

  /// All rows of this architecture, the fastest first; the last one runs everywhere.
  package static let all: [CodecRow] = {
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
  package static func select(_ features: CPUFeatures) -> CodecRow {
    all.first { features.isSuperset(of: $0.required) } ?? all[all.count - 1]
  }
}
