import BinadeKernels
import BinadeQuantization

/// What a layer reads.
package enum LayerInput {
  /// Float32, to be encoded first.
  case values(UnsafePointer<Float>)
  /// Codes of the layer's own activation quantizer, as the layer before left them: bytes, or two where the format needs them.
  case codes(UnsafeRawPointer)
}

/// What a layer writes.
package enum LayerOutput {
  /// Float32.
  case values(UnsafeMutablePointer<Float>)
  /// Codes of the quantizer of the only layer that reads them, as it takes them.
  case codes(UnsafeMutableRawPointer, Quantizer)
}
