import BinadeFormats
import BinadeNumerics
import Testing

/// Formats that come from code.
@Suite struct FormatProviderTests {
  /// Powers of n: `power<n>` has 2 bits.
  private struct Powers: NumericFormat {
    let info: FormatInfo
    let base: Double
    func decode(_ code: UInt32) -> Double { [0, 1, base, base * base][Int(code)] }
  }

  private enum Provider: FormatProvider {
    static let patterns = ["power<n>"]

    static func format(named name: String) throws -> (any NumericFormat)? {
      guard let match = name.wholeMatch(of: /power(\d{1,3})/) else { return nil }
      guard let base = Int(match.1), base > 1 else {
        throw FormatError.invalidParameter(
          format: name,
          parameter: "n",
          found: "\(match.1)",
          allowed: "2 to 999"
        )
      }
      let family = FormatFamily(rawValue: "powers")
      return Powers(
        info: FormatInfo(name: name, bitWidth: 2, family: family, source: "a test"),
        base: Double(base)
      )
    }
  }

  @Test("a provider understands names with parameters, and names its family")
  func parameters() throws {
    let catalog = try FormatCatalog(providers: [Provider.self])
    let format = try catalog.format(named: "power7")
    #expect(format.decode(3) == 49)
    #expect(format.info.family.rawValue == "powers")
    #expect(catalog.patterns.contains("power<n>"))
    #expect(throws: FormatError.self) { try catalog.format(named: "power1") }
    #expect(throws: UnknownFormat.self) { try catalog.format(named: "powers") }
    #expect(throws: UnknownFormat.self) { try FormatCatalog().format(named: "power7") }
  }
}
