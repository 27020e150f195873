import BinadeKernels
import BinadeNumerics

/// Something that multiplies matrices with the accumulator of a model.
package protocol AccumulationSubject {
  /// Returns the product of a row-major m x k and a k x n matrix.
  func multiply(_ a: [Float], _ b: [Float], rows m: Int, depth k: Int, columns n: Int) -> [Float]
}

/// The kernel that the library would choose.
package struct AccumulationKernelSubject: AccumulationSubject {
  private let model: AccumulatorModel
  private let features: CPUFeatures
  private let kernel: RoundedMicroKernel?
  private let threads: Int

  /// `operands`: the formats that the kernel is chosen for; nil means by the numbers in each product.
  package init(
    _ model: AccumulatorModel,
    operands: (left: FormatCodec, right: FormatCodec)? = nil,
    features: CPUFeatures = .detected,
    threads: Int = 1
  ) {
    self.model = model
    self.features = features
    self.threads = threads
    kernel = operands.map {
      RoundedMicroKernel(
        model,
        left: OperandBounds($0.left),
        right: OperandBounds($0.right),
        features: features
      )
    }
  }

  /// The product by the kernel.
  package func multiply(_ a: [Float], _ b: [Float], rows m: Int, depth k: Int, columns n: Int) -> [Float] {
    let kernel =
      self.kernel
      ?? RoundedMicroKernel(model, left: OperandBounds(a), right: OperandBounds(b), features: features)
    return GEMM.multiply(a, b, rows: m, depth: k, columns: n, kernel: kernel, threads: threads)
  }
}

/// The scalar twin.
package struct AccumulationReferenceSubject: AccumulationSubject {
  private let model: AccumulatorModel

  /// The reference of `model`.
  package init(_ model: AccumulatorModel) { self.model = model }

  /// The product by the reference.
  package func multiply(_ a: [Float], _ b: [Float], rows m: Int, depth k: Int, columns n: Int) -> [Float] {
    ReferenceAccumulation.multiply(a, b, rows: m, depth: k, columns: n, model)
  }
}

/// Compares dot products in a rounded accumulator with the same sequence of MPFR operations, bit for bit.
package final class AccumulationCheck {
  private let model: AccumulatorModel
  private let oracle: AccumulationOracle
  private let name: String
  private let codecs: (left: FormatCodec, right: FormatCodec)

  /// Prepares the oracle.
  ///
  /// `left`, `right`: the formats of the operands.
  ///
  /// Throws `FormatError` for formats that the oracle does not know.
  package init(_ model: AccumulatorModel, left: any NumericFormat, right: any NumericFormat) throws {
    self.model = model
    oracle = try AccumulationOracle(model)
    codecs = (try FormatCodec(left), try FormatCodec(right))
    name =
      (left.name == right.name ? left.name : "\(left.name) x \(right.name)") + " in \(model.sum.name)"
  }

  /// Checks at least `vectors` dot products, half of them random and half adversarial, of up to 67 elements; one report
  /// per subject.
  ///
  /// Reports are named "OPERANDS in ACCUMULATOR". Every NaN is as good as every other.
  package func run(_ subjects: [any AccumulationSubject], vectors: Int, seed: UInt64) -> [VerificationReport]
  {
    var reports = subjects.map { _ in
      VerificationReport(format: name, policy: model.sum.policy)
    }
    var inputs = AccumulationInputs(model, left: codecs.left, right: codecs.right, seed: seed)
    var checked = 0
    while checked < vectors {
      let product = inputs.nextProduct()
      let expected = expectedBits(product)
      for (index, subject) in subjects.enumerated() {
        let found = subject.multiply(
          product.a,
          product.b,
          rows: product.rows,
          depth: product.depth,
          columns: product.columns
        )
        for element in 0..<expected.count {
          let bits = found[element].isNaN ? Float.nan.bitPattern : found[element].bitPattern
          reports[index].record(bits == expected[element]) {
            let (row, column) = Self.vectors(product, element)
            return Counterexample(
              operation: .accumulation,
              input: "\(row) · \(column)",
              expected: "\(Float(bitPattern: expected[element]))",
              found: "\(found[element])"
            )
          }
        }
      }
      checked += expected.count
    }
    return reports
  }

  private func expectedBits(_ product: AccumulationInputs.Product) -> [UInt32] {
    (0..<product.rows * product.columns).map { element in
      let (row, column) = Self.vectors(product, element)
      switch oracle.dot(row, column) {
      case .nan: return Float.nan.bitPattern
      case .infinity(let isNegative): return (isNegative ? -Float.infinity : .infinity).bitPattern
      case .finite(_, isNegativeZero: true): return (-Float(0)).bitPattern
      case .finite(let value, isNegativeZero: false): return value.nearestFloat.bitPattern
      }
    }
  }

  private static func vectors(_ product: AccumulationInputs.Product, _ element: Int) -> ([Float], [Float]) {
    let (i, j) = (element / product.columns, element % product.columns)
    let row = Array(product.a[i * product.depth..<(i + 1) * product.depth])
    return (row, (0..<product.depth).map { product.b[$0 * product.columns + j] })
  }
}
