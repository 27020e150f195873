import Binade

/// The two operands of a product as its datapath wants them: normal numbers, quantized.
struct BenchOperands {
  /// What the kernels multiply.
  enum Values {
    case floats(weights: [Float], activations: [Float])
    case integers(weights: [Int16], activations: [Int16])
  }

  let datapath: Datapath
  let values: Values

  init(_ formats: BenchFormatPair, weightCount: Int, activationCount: Int, depth: Int) {
    let left = Side(formats.weights, count: weightCount, tensor: 1)
    let right = Side(formats.activations, count: activationCount, tensor: 2)
    datapath =
      Datapath.cheapest(weights: left.table, activations: right.table, depth: depth).datapath
    switch datapath {
    case .integer16: values = .integers(weights: left.integers, activations: right.integers)
    case .float32: values = .floats(weights: left.floats, activations: right.floats)
    }
  }

  /// One operand.
  private struct Side {
    let codec: FormatCodec?
    let table: OperandValues?
    let numbers: [Float]

    init(_ format: BenchFormat, count: Int, tensor: UInt32) {
      codec = format.codec
      table = format.codec.map { OperandValues($0) }
      // Four standard deviations reach the greatest value where formats are used with a scale.
      let scale = format.codec.map { codec in
        codec.info.scaling == .none ? 1 : Float(codec.reference.ladder.greatest.value) / 4
      }
      numbers = BenchNumbers.normal(count, tensor: tensor).map { $0 * (scale ?? 1) }
    }

    var integers: [Int16] {
      guard let codec, let integers = table?.integers else { preconditionFailure("no integers") }
      return numbers.map { integers[Int(codec.encode($0))] }
    }

    var floats: [Float] {
      guard let codec, let table else { return numbers }
      if let floats = table.floats { return numbers.map { floats[Int(codec.encode($0))] } }
      return numbers.map { codec.decode(codec.encode($0)) / table.floatUnit }
    }
  }
}
