import ArgumentParser
import Binade
import Foundation

extension ArithmeticOperation: ExpressibleByArgument {}

/// Arithmetic between files of codes.
struct ArithCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "arith",
    abstract: "Compute with codes: each result exact, then rounded once.",
    discussion: """
      Operands are files of codes as 'encode' writes them, separated by commas, of the same length; a file of one
      element stands for all. --op convert takes one file of codes of another format, named by --from.

      --op dot sums products a[p]·b[p] of each --length elements in an --accumulator, and writes codes of the accumulator's
      format: of float32 on matrix units and with exact, of the outer accumulator with chunks; numbers in float64 where the
      accumulator has more than 32 bits. Without --length a vector is
      the last dimension of a .npy file. A file of one vector stands for all.
      \(AccumulatorHelp.text)

      EXAMPLES
        binade arith --format float8_e4m3fn --op mul --input a.bin,b.bin --output y.bin
        binade arith --format posit16 --op fma --rounding nearestEven --input a.bin,b.bin,c.bin --output y.bin
        binade arith --format float8_e5m2 --op convert --from float16 --input x.bin --output y.bin
        binade arith --format int4 --op add --rounding stochastic --seed 7 --input a.bin,b.bin --output y.bin
        binade arith --format int8 --op dot --accumulator q15.16:wrap --length 64 --input a.bin,b.bin --output y.bin
      """
  )

  /// What is computed.
  enum Computation: Equatable, ExpressibleByArgument {
    case operation(ArithmeticOperation)
    case convert
    case dot

    init?(argument: String) {
      if argument == "convert" {
        self = .convert
      } else if argument == "dot" {
        self = .dot
      } else if let operation = ArithmeticOperation(rawValue: argument) {
        self = .operation(operation)
      } else {
        return nil
      }
    }

    static let allValueStrings = ArithmeticOperation.allCases.map(\.rawValue) + ["convert", "dot"]

    var operandCount: Int {
      switch self {
      case .operation(let operation): operation.operandCount
      case .convert: 1
      case .dot: 2
      }
    }
  }

  @Option(help: "add, sub, mul, div, fma (a·b + c), sqrt, convert or dot (sums of a·b).") var op: Computation
  @Option(help: "The format of the input of --op convert.", completion: NameCompletion.format)
  var from: String?
  @OptionGroup var conversion: ConversionOptions
  @OptionGroup var dot: DotOptions
  @OptionGroup var destination: OutputOption
  @OptionGroup var formatOptions: FormatOptions
  @OptionGroup var runOptions: RunOptions

  func validate() throws {
    try dot.require(op == .dot, conversion)
    if (from != nil) != (op == .convert) {
      throw ValidationError("--op convert and --from FORMAT belong together")
    }
  }

  func run() throws {
    let paths = conversion.input.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard paths.count == op.operandCount else {
      throw ArithError.wrongOperandCount(
        operation: op.name,
        needed: op.operandCount,
        found: paths.count
      )
    }
    let catalog = try formatOptions.catalog()
    let format = try catalog.format(named: conversion.format)
    let source = try from.map { try catalog.format(named: $0) } ?? format
    if op == .dot {
      let computation = try DotComputation(dot, conversion, format, catalog, threads: runOptions.threads)
      return try computation.run(paths, output: destination.output)
    }
    let arithmetic = try rounding(format)
    let operands = try paths.map { try CodeReader($0, format: source, isOperand: true) }
    let count = operands.compactMap(\.count).max() ?? 0
    for operand in operands where operand.count != count && operand.count != 1 {
      throw ArithError.differentLengths(paths: paths, counts: operands.compactMap(\.count))
    }
    let shape = operands.first { $0.count == count }.flatMap(\.shape) ?? [count]
    let type = ElementType.code(bitWidth: format.bitWidth)
    let writer = try ArrayWriter(destination.output, apartFrom: paths, type: type, shape: shape)
    let bar = ProgressBar(total: count, label: conversion.format)
    defer { bar.finish() }
    let hasNaN = arithmetic.hasNaN
    var nanCount = 0
    for start in stride(from: 0, to: count, by: conversionChunk) {
      let length = min(conversionChunk, count - start)
      let pieces = try operands.map { try $0.next(length) }
      let results = (0..<length).map { index -> UInt32 in
        let codes = pieces.map { $0.count == 1 ? $0[0] : $0[index] }
        let (a, b, c) = (codes[0], codes.count > 1 ? codes[1] : 0, codes.count > 2 ? codes[2] : 0)
        let element = UInt64(start + index)
        switch op {
        case .convert:
          if !hasNaN, source.decode(a).isNaN { nanCount += 1 }
          return arithmetic.convert(a, from: source, element)
        case .operation(let operation):
          if !hasNaN, arithmetic.isNaN(operation, a, b, c) { nanCount += 1 }
          return arithmetic.apply(operation, (a, b, c), element)
        case .dot: preconditionFailure("dot products have a command of their own")
        }
      }
      try writer.append(codes: results, as: type)
      bar.advance(length)
    }
    if nanCount > 0, conversion.dialect.map({ $0.missingNaN == .error }) ?? true {
      throw ArithError.nanWithoutCode(format: format.name, count: nanCount)
    }
    try writer.finish()
  }

  /// Arithmetic with the rounding asked for.
  private func rounding(_ format: any NumericFormat) throws -> RoundedArithmetic {
    guard conversion.rounding == .stochastic else {
      return .deterministic(try FormatArithmetic(format, policy: try conversion.policy()))
    }
    let arithmetic = try StochasticArithmetic(
      format,
      rounding: try conversion.stochastic.rounding(),
      overflow: conversion.overflow ?? .ieee,
      dialect: conversion.dialect
    )
    return .stochastic(arithmetic, CounterGenerator(seed: conversion.seed ?? 0))
  }
}

/// Arithmetic under any rounding; the random word of a result depends on the seed and the element's place.
private enum RoundedArithmetic {
  case deterministic(FormatArithmetic)
  case stochastic(StochasticArithmetic, CounterGenerator)

  var hasNaN: Bool {
    switch self {
    case .deterministic(let arithmetic): arithmetic.codec.reference.ladder.specials.nan != nil
    case .stochastic(let arithmetic, _): arithmetic.codec.reference.ladder.specials.nan != nil
    }
  }

  func isNaN(_ operation: ArithmeticOperation, _ a: UInt32, _ b: UInt32, _ c: UInt32) -> Bool {
    switch self {
    case .deterministic(let arithmetic): arithmetic.isNaN(operation, a, b, c)
    case .stochastic(let arithmetic, _): arithmetic.isNaN(operation, a, b, c)
    }
  }

  func apply(_ operation: ArithmeticOperation, _ codes: (UInt32, UInt32, UInt32), _ element: UInt64) -> UInt32
  {
    switch self {
    case .deterministic(let arithmetic): arithmetic.apply(operation, codes.0, codes.1, codes.2)
    case .stochastic(let arithmetic, let words):
      arithmetic.apply(operation, codes.0, codes.1, codes.2, word: words.word(of: element))
    }
  }

  func convert(_ code: UInt32, from format: any NumericFormat, _ element: UInt64) -> UInt32 {
    switch self {
    case .deterministic(let arithmetic): arithmetic.convert(code, from: format)
    case .stochastic(let arithmetic, let words):
      arithmetic.convert(code, from: format, word: words.word(of: element))
    }
  }
}

extension ArithCommand.Computation {
  var name: String {
    switch self {
    case .operation(let operation): operation.rawValue
    case .convert: "convert"
    case .dot: "dot"
    }
  }
}

/// Why codes cannot be computed with.
enum ArithError: Error, Equatable, CustomStringConvertible {
  case wrongOperandCount(operation: String, needed: Int, found: Int)
  case differentLengths(paths: [String], counts: [Int])
  case nanWithoutCode(format: String, count: Int)

  var description: String {
    switch self {
    case .wrongOperandCount(let operation, let needed, let found):
      "--op \(operation) takes \(needed) file\(needed == 1 ? "" : "s") in --input, separated by commas; found \(found)"
    case .differentLengths(let paths, let counts):
      "operands of different lengths: "
        + zip(paths, counts).map { "\($0) has \($1)" }.joined(separator: ", ")
        + "; give the same number of elements, or one"
    case .nanWithoutCode(let format, let count):
      "\(count) result\(count == 1 ? " is" : "s are") NaN, and '\(format)' has none; nothing was written"
    }
  }
}
