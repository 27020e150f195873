import BinadeKernels
import BinadeQuantization

/// What products of bfloat16 leave as it is.
extension QuantizedTraining {
  /// The first operand whose products with operands of bfloat16 are not those of the deployed network; nil where there is none.
  ///
  /// Whole numbers up to 255 are values of bfloat16 and run on the deployed network's integer kernels: their sums do not depend on
  /// the order. Sums of other values do.
  var operandRoundedByBFloat16: String? {
    for layer in layers {
      let search = layer.search
      for (operand, trainable, searched) in [
        ("weights", layer.weights, search?.weights?.codecs), ("inputs", layer.inputs, search?.inputs?.codecs),
      ] {
        guard let codecs = searched ?? trainable.map({ [$0.codec] }) else {
          return "the \(operand) of '\(layer.name)' are not quantized"
        }
        guard trainable?.isBlocked != true else { return "the \(operand) of '\(layer.name)' lie in blocks" }
        for codec in codecs {
          let values = OperandValues(codec)
          guard values.integers != nil, values.greatestInteger <= 255 else {
            return "the \(operand) of '\(layer.name)' are \(codec.info.name)"
          }
        }
      }
    }
    return nil
  }
}
