/// The weights of a ``CodedProduct``, decoded and laid out for its kernel.
public struct PackedWeights: Sendable {
  enum Panels: Sendable {
    case float(PackedColumns<FloatMicroKernel>)
    case bfloat16(PackedColumns<BFloat16MicroKernel>)
    case int16(PackedColumns<Int16MicroKernel>)
    case bytes(PackedColumns<ByteMicroKernel>)
    case wide(PackedColumns<FloatMicroKernel>)
  }

  /// The codes.
  public let matrix: CodedMatrix
  let panels: Panels
  /// What they were packed for.
  let product: CodedProduct.Identity
}
