import BinadeNumerics

/// What people call the keys of definition files elsewhere.
enum DefinitionKeys {
  /// Without case, dashes and underscores.
  private static let synonyms: [String: [String]] = [
    "exponentBitCount": ["exponentbits", "exponentwidth", "expbits", "ebits", "es", "exponent"],
    "significandBitCount": [
      "significandbits", "significandwidth", "mantissabits", "mantissawidth", "mantissabitcount", "mbits",
      "mantissa", "significand",
    ],
    "fractionBitCount": ["fractionbits", "fractionwidth", "fraction", "fracbits"],
    "integerBitCount": ["integerbits", "integerwidth", "intbits"],
    "exponentBias": ["bias"],
    "bitWidth": ["bits", "width", "bitcount", "nbits"],
    "specialValues": ["specials", "infinities", "nan"],
    "blockLength": ["blocksize", "groupsize"],
  ]

  /// "; did you mean 'exponentBitCount'?", or nothing when no allowed key is near.
  static func suggestion(for key: String, among allowed: [String]) -> String {
    let plain = key.prefix(64).lowercased().filter { $0 != "_" && $0 != "-" }
    let meant = allowed.first { $0.lowercased() == plain || synonyms[$0]?.contains(plain) == true }
    return meant.map { "; did you mean '\($0)'?" } ?? NameSuggestion.sentence(for: key, among: allowed)
  }
}
