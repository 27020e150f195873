extension FormatCodec {
  /// Whether two codecs of one format run the same code on the same tables and outcomes, whatever their policies.
  package func isSameConversion(as other: FormatCodec) -> Bool {
    guard info == other.info else { return false }
    switch (engine, other.engine) {
    case (.table(let mine, let myValues), .table(let theirs, let theirValues)):
      return mine == theirs && myValues.map(\.bitPattern) == theirValues.map(\.bitPattern)
    case (.tapered, .tapered), (.reference, .reference):
      // The overflow rule comes in through the outcomes alone.
      return policy.rounding == other.policy.rounding && reference.outcomes == other.reference.outcomes
    default: return policy == other.policy
    }
  }
}
