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

      EXAMPLES
        binade arith --format float8_e4m3fn --op mul --input a.bin,b.bin --output y.bin
        binade arith --format posit16 --op fma --rounding nearestEven --input a.bin,b.bin,c.bin --output y.bin
        binade arith --format float8_e5m2 --op convert --from float16 --input x.bin --output y.bin
      """
  )

  /// What is computed.
  enum Computation: Equatable, ExpressibleByArgument {
    case operation(ArithmeticOperation)
    case convert

    init?(argument: String) {
      if argument == "convert" {
        self = .convert
      } else if let operation = ArithmeticOperation(rawValue: argument) {
        self = .operation(operation)
      } else {
        return nil
      }
    }

    static let allValueStrings = ArithmeticOperation.allCases.map(\.rawValue) + ["convert"]

    var operandCount: Int {
      switch self {
      case .operation(let operation): operation.operandCount
      case .convert: 1
      }
    }
  }

  @Option(help: "add, sub, mul, div, fma (a·b + c), sqrt or convert.") var op: Computation
  @Option(help: "The format of the input of --op convert.", completion: NameCompletion.format)
  var from: String?
  @OptionGroup var conversion: ConversionOptions
  @OptionGroup var destination: OutputOption
  @OptionGroup var formatOptions: FormatOptions

  func validate() throws {
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
    let arithmetic = try FormatArithmetic(format, policy: try conversion.policy())
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
    let hasNaN = arithmetic.codec.reference.ladder.specials.nan != nil
    var nanCount = 0
    for start in stride(from: 0, to: count, by: conversionChunk) {
      let length = min(conversionChunk, count - start)
      let pieces = try operands.map { try $0.next(length) }
      let results = (0..<length).map { index -> UInt32 in
        let codes = pieces.map { $0.count == 1 ? $0[0] : $0[index] }
        let (a, b, c) = (codes[0], codes.count > 1 ? codes[1] : 0, codes.count > 2 ? codes[2] : 0)
        switch op {
        case .convert:
          if !hasNaN, source.decode(a).isNaN { nanCount += 1 }
          return arithmetic.convert(a, from: source)
        case .operation(let operation):
          if !hasNaN, arithmetic.isNaN(operation, a, b, c) { nanCount += 1 }
          return arithmetic.apply(operation, a, b, c)
        }
      }
      try writer.append(codes: results, as: type)
      bar.advance(length)
    }
    if nanCount > 0, arithmetic.codec.policy.refusesMissingNaN {
      throw ArithError.nanWithoutCode(format: format.name, count: nanCount)
    }
    try writer.finish()
  }
}

extension ArithCommand.Computation {
  var name: String {
    switch self {
    case .operation(let operation): operation.rawValue
    case .convert: "convert"
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
