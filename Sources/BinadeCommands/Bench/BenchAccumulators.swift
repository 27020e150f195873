import ArgumentParser
import Binade

/// What products are summed in, of `bench gemm`.
struct BenchAccumulatorOptions: ParsableArguments {
  @Option(
    help: """
      What products are summed in instead of the cheapest datapath, a row for each: formats, rounded to after every \
      product, FORMAT[:OVERFLOW][:ROUNDING], matrix units ('binade evaluate --help' lists them), 'exact', or \
      'logarithmic' for formats of signed powers; separated by commas.
      """,
    completion: NameCompletion.accumulators
  )
  var accumulator: String?

  /// The accumulators named; nil for the cheapest datapath alone.
  ///
  /// Throws `ValidationError` for names that are none.
  func accumulators(_ catalog: FormatCatalog) throws -> [BenchAccumulator]? {
    guard let accumulator else { return nil }
    let names = accumulator.split(separator: ",").map(String.init)
    guard !names.isEmpty else { throw ValidationError("--accumulator needs at least one name") }
    return try names.map { try BenchAccumulator($0, catalog) }
  }
}

/// What products are summed in.
enum BenchAccumulator {
  /// A format, rounded to after every product.
  case rounded(AccumulatorModel)
  /// As a processor does.
  case matrixUnit(MatrixUnit)
  /// Without rounding but the last.
  case exact
  /// Exponents add; float32 sums.
  case logarithmic

  init(_ name: String, _ catalog: FormatCatalog) throws {
    switch AccumulatorDatapath(rawValue: name) {
    case .exact?: self = .exact
    case .logarithmic?: self = .logarithmic
    case nil:
      if let unit = MatrixUnit.named(name) {
        self = .matrixUnit(unit)
        return
      }
      do {
        self = .rounded(AccumulatorModel(sum: try AccumulatorFormat(parsing: name, catalog: catalog)))
      } catch let error as UnknownFormat {
        throw ValidationError("--accumulator: \(UnknownAccumulator(name: error.name, known: error.known))")
      } catch {
        throw ValidationError(
          "--accumulator: \(error); besides formats there are matrix units, exact and logarithmic"
        )
      }
    }
  }

  /// Formats and accumulator, for the table.
  func name(of formats: BenchFormatPair) -> String {
    switch self {
    case .rounded(let model): "\(formats.name) in \(model.sum.description)"
    case .matrixUnit(let unit): "\(formats.name) on \(unit.name)"
    case .exact: "\(formats.name), exact"
    case .logarithmic: "\(formats.name), logarithmic"
    }
  }

  /// Throws when the accumulator does not take values of the formats.
  func requireFit(_ formats: BenchFormatPair) throws {
    if case .rounded = self { return }
    if case .matrixUnit(let unit) = self {
      _ = try unit.model(of: formats)
      return
    }
    guard let left = formats.activations.format, let right = formats.weights.format else {
      let name = if case .exact = self { "exact" } else { "logarithmic" }
      throw ValidationError(
        "--accumulator \(name) sums products of codes: give other formats than float32, found '\(formats.name)'"
      )
    }
    switch self {
    case .exact: _ = try ExactProduct(left, right)
    case .logarithmic: _ = try LogarithmicProduct(left, right)
    case .rounded, .matrixUnit: break
    }
  }
}

extension MatrixUnit {
  /// The accumulator for products of two formats; throws where one is not the unit's.
  func model(of formats: BenchFormatPair) throws -> AccumulatorModel {
    guard let left = formats.activations.format, let right = formats.weights.format else {
      throw ValidationError(
        "--accumulator \(name) sums products of \(operandFormats.joined(separator: ", ")), found '\(formats.name)'"
      )
    }
    return try model(left: left, right: right)
  }
}

extension BenchWorkloads {
  /// A product with an accumulator; both operands are laid out in the run.
  static func product(
    _ sizes: MatrixSizes,
    _ formats: BenchFormatPair,
    _ accumulator: BenchAccumulator,
    threads: Int
  ) throws -> BenchWorkload {
    try accumulator.requireFit(formats)
    let operands = BenchOperands(
      formats,
      weightCount: sizes.depth * sizes.columns,
      activationCount: sizes.rows * sizes.depth
    )
    let (m, k, n) = (sizes.rows, sizes.depth, sizes.columns)
    let middle = m * n / 2
    func codes() -> (CodedMatrix, CodedMatrix) {
      (operands.activations.matrix(rows: m, columns: k), operands.weights.matrix(rows: k, columns: n))
    }
    switch (accumulator, operands.activations.format, operands.weights.format) {
    case (.rounded, _, _), (.matrixUnit, _, _):
      let model: AccumulatorModel
      switch accumulator {
      case .rounded(let own): model = own
      case .matrixUnit(let unit): model = try unit.model(of: formats)
      case .exact, .logarithmic: preconditionFailure("the switch around has no such case")
      }
      let (left, right) = (operands.activations.rounded, operands.weights.rounded)
      let kernel = RoundedMicroKernel(
        model,
        left: formats.activations.codec.map { OperandBounds($0) } ?? OperandBounds(left),
        right: formats.weights.codec.map { OperandBounds($0) } ?? OperandBounds(right)
      )
      if let reason = kernel.referenceReason {
        foretell(
          model,
          reason,
          "\(sizes.name), \(accumulator.name(of: formats))",
          sizes,
          left,
          right,
          threads
        )
      }
      return workload(sizes, kernel.isReference ? .reference : .rounded, kernel.name) {
        GEMM.multiply(left, right, rows: m, depth: k, columns: n, kernel: kernel, threads: threads)[middle]
      }
    case (.exact, let left?, let right?):
      let product = try ExactProduct(left, right)
      let (a, b) = codes()
      let (datapath, kernel): (Datapath, String) =
        switch product.method(a, b) {
        case .limbs(let count): (.exact, "\(KernelTable.int16().name), limb products: \(count)")
        case .accumulator: (.reference, "accumulator of \(try ExactAccumulator(left, right).bitCount) bits")
        }
      return workload(sizes, datapath, kernel) { product.multiply(a, b, threads: threads)[middle] }
    case (.logarithmic, let left?, let right?):
      let product = try LogarithmicProduct(left, right)
      let (a, b) = codes()
      return workload(sizes, .logarithmic, KernelTable.logarithmic().name) {
        product.multiply(a, b, threads: threads)[middle]
      }
    case (.exact, _, _), (.logarithmic, _, _):
      preconditionFailure("'\(formats.name)' has no codes")
    }
  }

  /// Says before it starts that a product falls to the scalar reference, and about how long one run takes.
  private static func foretell(
    _ model: AccumulatorModel,
    _ reason: String,
    _ name: String,
    _ sizes: MatrixSizes,
    _ left: [Float],
    _ right: [Float],
    _ threads: Int
  ) {
    let perProduct = ReferenceSpeed.secondsPerProduct(model, depth: sizes.depth, left: left, right: right)
    SlowAccumulation.say(
      "\(name), each run",
      reason: reason,
      seconds: perProduct * Double(sizes.multiplyAccumulateCount) / Double(threads)
    )
  }

  /// A product of `sizes` as a workload.
  static func workload(
    _ sizes: MatrixSizes,
    _ datapath: Datapath,
    _ kernel: String,
    _ run: @escaping () -> Float
  ) -> BenchWorkload {
    BenchWorkload(
      name: sizes.name,
      datapath: datapath.rawValue,
      kernel: kernel,
      workCount: sizes.multiplyAccumulateCount,
      unit: .multiplyAccumulates,
      multiplyAccumulateCount: sizes.multiplyAccumulateCount,
      run: run
    )
  }
}
