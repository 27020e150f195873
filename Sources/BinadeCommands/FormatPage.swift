import Binade
import Foundation

/// What is known of a format, derived from its values.
struct FormatPage {
  /// The facts as data.
  struct Facts: Encodable {
    let name: String
    let aliases: [String]
    let family: String
    let bitWidth: Int
    let scaling: String
    let greatestFiniteMagnitude: Double
    let leastFiniteValue: Double
    let leastNonzeroMagnitude: Double
    let ulpOfOne: Double?
    let dynamicRangeInBinades: Double
    let finiteValueCount: Int?
    let zeroCode: UInt32?
    let negativeZeroCode: UInt32?
    let positiveInfinityCode: UInt32?
    let negativeInfinityCode: UInt32?
    let canonicalNaNCode: UInt32?
    let source: String
    /// Which parameter the scaling of tensors makes meaningless.
    let scalingNote: String?
  }

  let facts: Facts
  private let format: any NumericFormat

  /// `aliases`: other names that stand for the format.
  init(_ format: any NumericFormat, aliases: [String]) throws {
    self.format = format
    facts = try Self.facts(of: format, aliases)
  }

  private static func facts(of format: any NumericFormat, _ aliases: [String]) throws -> Facts {
    let limits = try FormatLimits(of: format)
    return Facts(
      name: format.name,
      aliases: aliases,
      family: format.info.family.rawValue,
      bitWidth: format.bitWidth,
      scaling: format.info.scaling.rawValue,
      greatestFiniteMagnitude: limits.greatestFiniteMagnitude,
      leastFiniteValue: limits.least,
      leastNonzeroMagnitude: limits.leastNonzeroMagnitude,
      ulpOfOne: limits.ulpOfOne,
      dynamicRangeInBinades: log2(limits.greatestFiniteMagnitude)
        - log2(limits.leastNonzeroMagnitude),
      finiteValueCount: limits.finiteValueCount,
      zeroCode: limits.specials.zero,
      negativeZeroCode: limits.specials.negativeZero,
      positiveInfinityCode: limits.specials.positiveInfinity,
      negativeInfinityCode: limits.specials.negativeInfinity,
      canonicalNaNCode: limits.specials.nan,
      source: format.info.source,
      scalingNote: ScalingNote.text(of: format)
    )
  }

  /// The other names; nothing where there are none.
  private var aliasLine: String {
    facts.aliases.isEmpty ? "" : "\n  also called          " + facts.aliases.joined(separator: ", ")
  }

  var text: String {
    func code(_ value: UInt32?) -> String {
      value.map { "0x" + hexadecimal($0) } ?? "none"
    }
    let greatest = facts.greatestFiniteMagnitude
    return """
      \(facts.name)\(aliasLine)
        family               \(facts.family)
        bits                 \(facts.bitWidth)
        greatest magnitude   \(greatest) (\(hexFloat(greatest)))
        least value          \(facts.leastFiniteValue)
        least above zero     \(facts.leastNonzeroMagnitude) (\(hexFloat(facts.leastNonzeroMagnitude)))
        dynamic range        \(String(format: "%.2f", facts.dynamicRangeInBinades)) binades
        step above 1         \(facts.ulpOfOne.map { "\($0)" } ?? "1 is not a value, or the greatest one")
        finite values        \(facts.finiteValueCount.map(String.init) ?? "more than 65536 codes, not counted")
        zero, -0             \(code(facts.zeroCode)), \(code(facts.negativeZeroCode))
        +infinity, -infinity \(code(facts.positiveInfinityCode)), \(code(facts.negativeInfinityCode))
        NaN                  \(code(facts.canonicalNaNCode))
        scaling              \(facts.scaling)
        source               \(facts.source.visible())\(facts.scalingNote.map { "\n  note                 \($0)" } ?? "")
      """
  }

  /// Every code with its value, in columns.
  var codeTable: String {
    let cells = format.codes.map { code in
      "\(hexadecimal(UInt32(code))) \(short(format.decode(UInt32(code))))"
    }
    let width = (cells.map(\.count).max() ?? 0) + 2
    let columns = max(1, min(8, 100 / width))
    let rowCount = (cells.count + columns - 1) / columns
    return (0..<rowCount).map { row in
      stride(from: row, to: cells.count, by: rowCount).map {
        cells[$0].padding(toLength: width, withPad: " ", startingAt: 0)
      }.joined()
    }.joined(separator: "\n")
  }

  private func hexadecimal(_ code: UInt32) -> String {
    let digits = String(code, radix: 16)
    return String(repeating: "0", count: max(0, (facts.bitWidth + 3) / 4 - digits.count)) + digits
  }

  private func short(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e6 && !(value == 0 && value.sign == .minus)
      ? String(format: "%.0f", value) : String(format: "%.6g", value)
  }

  private func hexFloat(_ value: Double) -> String { String(format: "%a", value) }
}
