import ArgumentParser
import Binade
import Foundation

/// What `arith --op dot` sums products in, and of how many elements.
struct DotOptions: ParsableArguments {
  @Option(
    help: "With --op dot: what products are summed in: FORMAT[:OVERFLOW][:ROUNDING], a matrix unit, or exact."
  )
  var accumulator: String?

  @OptionGroup var details: AccumulatorOptions

  @Option(
    help:
      "With --op dot: elements of a vector. Default: the last dimension of a .npy file, or the whole file."
  )
  var length: Int?

  @Option(help: "With --op dot: the format of the second file. Default: --format.")
  var right: String?

  /// Refuses these options without `--op dot`, and options that say nothing about a dot product.
  func require(_ isDot: Bool, _ conversion: ConversionOptions) throws {
    guard isDot else {
      for (name, isGiven) in [
        ("--accumulator", accumulator != nil), ("--length", length != nil), ("--right", right != nil),
      ] where isGiven {
        throw ValidationError("\(name) needs --op dot")
      }
      return try details.requireAccumulator(nil)
    }
    guard let accumulator else { throw ValidationError("--op dot needs --accumulator") }
    guard accumulator != AccumulatorDatapath.logarithmic.rawValue else {
      throw ValidationError(
        "--op dot sums in formats; --accumulator logarithmic is a datapath of 'binade evaluate' and 'binade bench gemm'"
      )
    }
    try details.requireLayerAccumulator(accumulator)
    if let length, length < 1 { throw ValidationError("--length must be at least 1, found \(length)") }
    if conversion.dialect != nil {
      throw ValidationError(
        "--dialect is about one conversion; with --op dot say --accumulator FORMAT:OVERFLOW"
      )
    }
    if conversion.rounding == .stochastic {
      throw ValidationError(
        "--rounding stochastic is for single operations; --op dot takes deterministic rules"
      )
    }
  }
}

/// Dot products between files of codes, each carried out as an accumulator model says.
struct DotComputation {
  private let options: DotOptions
  private let formats: (left: any NumericFormat, right: any NumericFormat)
  private let threads: Int
  private let model: (_ depth: Int) throws -> AccumulatorModel

  init(
    _ options: DotOptions,
    _ conversion: ConversionOptions,
    _ format: any NumericFormat,
    _ catalog: FormatCatalog,
    threads: Int
  ) throws {
    self.options = options
    self.threads = threads
    let right = try options.right.map { try catalog.format(named: $0) } ?? format
    formats = (format, right)
    for format in [format, right] where format.residual(3) != 0 {
      throw FormatError.invalidParameter(
        format: format.name,
        parameter: "values",
        found: "irrational",
        allowed: "float32 numbers in --op dot"
      )
    }
    let accumulator = options.accumulator ?? ""
    if AccumulatorDatapath(rawValue: accumulator) == .exact {
      model = { try AccumulatorModel.roundedOnce(depth: $0) }
    } else if let unit = MatrixUnit.named(accumulator) {
      let own = try unit.model(left: format, right: right)
      model = { _ in own }
    } else {
      let own = try options.details.model(accumulator, policy: try conversion.policy(), catalog)
      model = { _ in own }
    }
  }

  /// Reads both files, sums, and writes a code per pair of vectors.
  func run(_ paths: [String], output: String) throws {
    let readers = [
      try CodeReader(paths[0], format: formats.left, isOperand: true),
      try CodeReader(paths[1], format: formats.right, isOperand: true),
    ]
    let sizes = readers.map { $0.count ?? 0 }
    let longest = sizes[0] >= sizes[1] ? readers[0] : readers[1]
    let length = options.length ?? longest.shape?.last ?? max(sizes[0], sizes[1])
    for (path, size) in zip(paths, sizes) where length < 1 || size % length != 0 {
      throw DotError.incompleteVectors(path: path, count: size, length: length)
    }
    let counts = sizes.map { $0 / length }
    guard counts[0] == counts[1] || counts.contains(1) else {
      throw ArithError.differentLengths(paths: paths, counts: sizes)
    }
    let count = counts.max() ?? 0
    let model = try model(length)
    let target = model.result
    // Fixed point without codes is written as numbers, of at most the bits that float64 holds.
    guard target.codec != nil || target.bitWidth <= 53 else {
      throw DotError.beyondFloat64(accumulator: target.name, bitWidth: target.bitWidth)
    }
    let type = target.codec == nil ? ElementType.float64 : .code(bitWidth: target.bitWidth)
    let writer = try ArrayWriter(
      output,
      apartFrom: paths,
      type: type,
      shape: Self.shape(longest, count, length)
    )
    let bar = ProgressBar(total: count, label: "summing")
    defer { bar.finish() }
    let fixed = try zip(readers, counts).map { reader, count in
      count == 1 ? try vectors(reader, 1, length) : nil
    }
    let hasNaN = target.hasNaN
    var nanCount = 0
    let batch = max(1, conversionChunk / length)
    for start in stride(from: 0, to: count, by: batch) {
      let rows = min(batch, count - start)
      let pieces = try zip(readers, fixed).map { try $1 ?? vectors($0, rows, length) }
      if start == 0 { foretell(model, pieces, products: count * length, length) }
      let sums = ParallelLoop.map(count: rows, threads: threads) { row in
        let (a, b) = (Self.vector(pieces[0], row, length), Self.vector(pieces[1], row, length))
        // NaN, or infinities of both signs: a format without NaN cannot say so.
        let isNaN = !hasNaN && zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }.isNaN
        return (ReferenceAccumulation.dot(a, b, model), isNaN)
      }
      nanCount += sums.count { $0.1 }
      if let codec = target.codec {
        try writer.append(codes: sums.map { codec.encode($0.0) }, as: type)
      } else {
        try sums.map { $0.0.bitPattern.littleEndian }.withUnsafeBytes { try writer.append($0) }
      }
      bar.advance(rows)
    }
    if nanCount > 0 { throw ArithError.nanWithoutCode(format: target.name, count: nanCount) }
    try writer.finish()
  }

  /// The shape of a file without the dimension that is summed.
  private static func shape(_ reader: CodeReader, _ count: Int, _ length: Int) -> [Int] {
    guard let shape = reader.shape, shape.count > 1, shape.last == length else { return [count] }
    return Array(shape.dropLast())
  }

  /// Some vectors as float32 numbers.
  private func vectors(_ reader: CodeReader, _ count: Int, _ length: Int) throws -> [Float] {
    let format = reader.format
    return try reader.next(count * length).map { code in
      let value = format.decode(code)
      let float = Float(value)
      guard Double(float) == value || value.isNaN else {
        throw DotError.notFloat32(path: reader.path, format: format.name, value: value)
      }
      return float
    }
  }

  private static func vector(_ values: [Float], _ row: Int, _ length: Int) -> [Float] {
    values.count == length ? values : Array(values[row * length..<(row + 1) * length])
  }

  /// Says so when the scalar reference takes a while.
  private func foretell(_ model: AccumulatorModel, _ pieces: [[Float]], products: Int, _ length: Int) {
    guard products > 1 << 20 else { return }
    let perProduct = ReferenceSpeed.secondsPerProduct(
      model,
      depth: length,
      left: pieces[0],
      right: pieces[1]
    )
    SlowAccumulation.say(
      "\(products) products",
      reason: "explicit operands are summed one by one",
      seconds: perProduct * Double(products) / Double(threads)
    )
  }
}

/// Why codes cannot be summed.
enum DotError: Error, Equatable, CustomStringConvertible {
  case incompleteVectors(path: String, count: Int, length: Int)
  case notFloat32(path: String, format: String, value: Double)
  case beyondFloat64(accumulator: String, bitWidth: Int)

  var description: String {
    switch self {
    case .incompleteVectors(let path, let count, let length):
      "\(path): \(count) element\(count == 1 ? "" : "s") are no whole number of vectors of \(length) (see --length)"
    case .notFloat32(let path, let format, let value):
      "\(path): \(value) of '\(format)' is no float32 number; --op dot multiplies float32 numbers"
    case .beyondFloat64(let accumulator, let bitWidth):
      "sums in '\(accumulator)' have \(bitWidth) bits; --op dot writes them as float64, which holds 53 "
        + "(--accumulate-order chunks:K:FORMAT gives them to another accumulator)"
    }
  }
}
