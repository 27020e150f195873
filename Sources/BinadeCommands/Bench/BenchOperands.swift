import Binade

/// The two operands of a product: normal numbers, encoded in their formats.
struct BenchOperands {
  let weights: BenchOperand
  let activations: BenchOperand

  init(_ formats: BenchFormatPair, weightCount: Int, activationCount: Int) {
    weights = BenchOperand(formats.weights, count: weightCount, tensor: 1)
    activations = BenchOperand(formats.activations, count: activationCount, tensor: 2)
  }
}

/// One operand.
struct BenchOperand {
  /// Nil for float32 as it is.
  let format: (any NumericFormat)?
  private let codec: FormatCodec?
  private let numbers: [Float]

  init(_ format: BenchFormat, count: Int, tensor: UInt32) {
    self.format = format.format
    codec = format.codec
    // Four standard deviations reach the greatest value where formats are used with a scale.
    let scale = format.codec.map { codec in
      codec.info.scaling == .none ? 1 : Float(codec.reference.ladder.greatest.value) / 4
    }
    numbers = BenchNumbers.normal(count, tensor: tensor).map { $0 * (scale ?? 1) }
  }

  /// What the kernels can make of the format; nil for float32.
  var values: OperandValues? { codec.map { OperandValues($0) } }

  /// The codes, as a matrix.
  func matrix(rows: Int, columns: Int) -> CodedMatrix {
    isOfBytes
      ? CodedMatrix(codes.map { UInt8($0) }, rows: rows, columns: columns)
      : CodedMatrix(codes, rows: rows, columns: columns)
  }

  /// The code of each number.
  var codes: [UInt32] {
    guard let codec else { preconditionFailure("float32 has no codes here") }
    return numbers.map { codec.encode($0) }
  }

  /// Whether bytes hold every code.
  var isOfBytes: Bool { codec.map { $0.info.bitWidth <= 8 } ?? false }

  /// The numbers, rounded to the format.
  var rounded: [Float] {
    guard let codec else { return numbers }
    return numbers.map { codec.decode(codec.encode($0)) }
  }
}
