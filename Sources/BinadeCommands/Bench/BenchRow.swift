/// One line of a table: something to measure, and its twin in float32.
struct BenchRow {
  /// What is measured, with its size.
  let name: String
  /// The formats, as `weights/activations` when they differ.
  let format: String
  /// Prepares it; not measured.
  let workload: () throws -> BenchWorkload
  /// Prepares the same product, convolution or network in float32; nil when the row is its own twin.
  let twin: (() throws -> BenchWorkload)?
}

/// Something that can be run again and again.
struct BenchWorkload {
  /// What is counted.
  enum Unit: String, Encodable {
    case multiplyAccumulates, elements, images

    /// The unit of a rate in billions (thousands of millions), or of a plain rate.
    var rateName: String {
      switch self {
      case .multiplyAccumulates: "GMAC/s"
      case .elements: "G elements/s"
      case .images: "images/s"
      }
    }

    /// What a rate is divided by before it is shown.
    var rateDivisor: Double { self == .images ? 1 : 1e9 }
  }

  /// What is measured, with its size.
  let name: String
  /// The arithmetic.
  let datapath: String
  /// The code that carries it out.
  let kernel: String
  /// Units per run.
  let workCount: Int
  let unit: Unit
  /// Multiply-accumulates per run; nil when there is nothing to multiply.
  let multiplyAccumulateCount: Int?
  /// Results that a run must give, for comparisons with others: `top1Count` of a network.
  var facts: [String: Int] = [:]
  /// Runs once and returns something of the result, so that no compiler can drop the work.
  let run: () -> Float
}
