import Binade
import BinadeVerification
import Foundation

/// Arithmetic against MPFR: all operand pairs of formats of up to 8 bits, stratified operands of wider ones.
struct OperationVerification {
  let operations: [ArithmeticOperation]
  let isLong: Bool
  let threads: Int

  /// `names`: operations separated by commas, or "all".
  init(_ names: String, isLong: Bool, threads: Int) throws {
    operations =
      names == "all"
      ? ArithmeticOperation.allCases
      : try names.split(separator: ",").map { name in
        guard let operation = ArithmeticOperation(rawValue: String(name)) else {
          throw SpecificationError.unknownPart(
            kind: "operation",
            text: String(name),
            allowed: ArithmeticOperation.allCases.map(\.rawValue) + ["all"]
          )
        }
        return operation
      }
    self.isLong = isLong
    self.threads = threads
  }

  /// Checks every format under every rule, both overflow rules each.
  func run(_ entries: [TensorFormat], rules: [RoundingRule]) throws -> [VerificationReport] {
    var formats: [any NumericFormat] = []
    for case .element(let format) in entries { formats.append(format) }
    let bar = ProgressBar(total: formats.count)
    defer { bar.finish() }
    var reports: [VerificationReport] = []
    for format in formats {
      bar.setLabel(format.name)
      let policies = rules.flatMap { rule in
        OverflowRule.universal.map { ConversionPolicy(rounding: rule, overflow: $0) }
      }
      reports += isLong && format.bitWidth > 8 ? try allPairs(format, policies) : try check(format, policies)
      bar.advance(1)
    }
    return reports
  }

  private func check(_ format: any NumericFormat, _ policies: [ConversionPolicy]) throws
    -> [VerificationReport]
  {
    let outcomes = ParallelLoop.map(count: policies.count, threads: threads) { index in
      Result { () throws -> VerificationReport in
        let arithmetic = try FormatArithmetic(format, policy: policies[index])
        let check = try ArithmeticCheck(format, policy: policies[index])
        return operations.dropFirst().reduce(into: check.run(arithmetic, operations[0])) {
          $0 += check.run(arithmetic, $1)
        }
      }
    }
    return try outcomes.map { try $0.get() }
  }

  /// All 2^32 pairs of a 16-bit format, in pieces of 64 first operands.
  private func allPairs(_ format: any NumericFormat, _ policies: [ConversionPolicy]) throws
    -> [VerificationReport]
  {
    guard format.bitWidth <= 16 else {
      throw FormatError.needsClosedForm(format: format.name, bitWidth: format.bitWidth)
    }
    let pieces = 1 << max(0, format.bitWidth - 6)
    let bar = ProgressBar(total: policies.count * operations.count * pieces, label: format.name)
    defer { bar.finish() }
    return try policies.map { policy in
      let arithmetic = try FormatArithmetic(format, policy: policy)
      var total: VerificationReport?
      for operation in operations {
        let parts = ParallelLoop.map(count: pieces, threads: threads) { piece in
          defer { bar.advance(1) }
          return Result {
            try ArithmeticCheck(format, policy: policy).runAllPairs(
              arithmetic,
              operation,
              first: UInt32(64 * piece)..<UInt32(64 * (piece + 1))
            )
          }
        }
        for part in parts {
          let part = try part.get()
          if total == nil { total = part } else { total? += part }
        }
      }
      return total ?? VerificationReport(format: format.name, policy: policy)
    }
  }
}
