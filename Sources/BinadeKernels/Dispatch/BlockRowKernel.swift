import CBinadeKernels

/// The block-format functions of one instruction set.
package struct BlockRowKernel: Sendable {
  /// The instruction set.
  package let name: String
  /// What the processor must have.
  package let required: CPUFeatures
  let magnitudes:
    @Sendable @convention(c) (UnsafePointer<Float>?, binade_block_rows, UnsafeMutablePointer<UInt32>?) -> Void
  package var round:
    @Sendable @convention(c) (
      UnsafePointer<Float>?, binade_block_rows, UnsafePointer<UInt16>?, UnsafePointer<binade_block_levels>?,
      UnsafeMutablePointer<Float>?
    ) -> Void
  /// ``round`` where negative numbers mirror the others.
  package var mirror:
    @Sendable @convention(c) (
      UnsafePointer<Float>?, binade_block_rows, UnsafePointer<UInt16>?, UnsafePointer<binade_block_levels>?,
      UnsafeMutablePointer<Float>?
    ) -> Void
  let encode:
    @Sendable @convention(c) (
      UnsafePointer<Float>?, binade_block_rows, UnsafePointer<UInt16>?, UnsafePointer<binade_block_levels>?,
      UnsafeMutablePointer<UInt8>?
    ) -> Void

  /// All rows of this architecture, the fastest first; the last one runs everywhere.
  package static let all: [BlockRowKernel] = {
    var rows: [BlockRowKernel] = []
    #if arch(x86_64)
    rows.append(
      BlockRowKernel(
        name: "avx512",
        required: .avx512,
        magnitudes: binade_block_magnitudes_avx512,
        round: binade_block_round_avx512,
        mirror: binade_block_mirror_avx512,
        encode: binade_block_encode_avx512
      )
    )
    rows.append(
      BlockRowKernel(
        name: "avx2",
        required: .avx2,
        magnitudes: binade_block_magnitudes_avx2,
        round: binade_block_round_avx2,
        mirror: binade_block_mirror_avx2,
        encode: binade_block_encode_avx2
      )
    )
    #endif
    rows.append(
      BlockRowKernel(
        name: "portable",
        required: .portable,
        magnitudes: binade_block_magnitudes_portable,
        round: binade_block_round_portable,
        mirror: binade_block_mirror_portable,
        encode: binade_block_encode_portable
      )
    )
    return rows
  }()

  /// The fastest row that `features` allow.
  package static func select(_ features: CPUFeatures) -> BlockRowKernel {
    all.first { features.isSuperset(of: $0.required) } ?? all[all.count - 1]
  }
}
