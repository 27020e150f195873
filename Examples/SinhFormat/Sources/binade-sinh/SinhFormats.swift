import Binade

/// All formats of the family, by the names that spell out their parameters.
enum SinhFormats: FormatProvider {
  static let patterns = ["sinh<n>_a<k>"]

  static func format(named name: String) throws -> (any NumericFormat)? {
    guard let match = name.wholeMatch(of: /sinh(\d{1,2})_a(\d{1,2})/) else { return nil }
    guard let width = Int(match.1), (3...16).contains(width) else {
      throw FormatError.invalidParameter(
        format: name,
        parameter: "n",
        found: "\(match.1)",
        allowed: "3 to 16"
      )
    }
    guard let steepness = Int(match.2), (1...20).contains(steepness) else {
      throw FormatError.invalidParameter(
        format: name,
        parameter: "k",
        found: "\(match.2)",
        allowed: "1 to 20"
      )
    }
    let family = FormatFamily(rawValue: "sinh")
    return SinhFormat(
      info: FormatInfo(name: name, bitWidth: width, family: family, source: "an example"),
      steepness: steepness
    )
  }
}
