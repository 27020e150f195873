/// Stochastic rounding with N random bits: a number between two neighbours becomes the outer one for a share of the
/// 2^N random words that is its place in the gap, quantized.
///
/// Of two neighbours, *inner* is the one nearer to zero and *outer* the other. The place of x in the gap is
/// `Δ = (|x| - |inner|) / (|outer| - |inner|)`, linear in the value for every format, posits and logarithmic ones
/// too, so the expectation is x. With a random integer R of N bits, x rounds away from zero, to the outer neighbour,
/// if and only if
///
/// | variant | condition                                  | P3109       | gfloat             | mean bias in gaps |
/// |---------|--------------------------------------------|-------------|--------------------|-------------------|
/// | `a`     | `floor(Δ·2^N) + R >= 2^N`                  | StochasticA | StochasticFastest  | -2^-(N+1)         |
/// | `b`     | `floor(Δ·2^N + 1/2) + R >= 2^N`            | StochasticB | StochasticFast     | 0; ties go away   |
/// | `c`     | `roundTiesToEven(Δ·2^N) + R >= 2^N`        | StochasticC | Stochastic         | 0                 |
///
/// The bias is the mean of the rounded value less x over Δ spread evenly; negative is toward zero. Values of the
/// format stay what they are. Between a negative and a positive neighbour without a zero between them (codebooks), Δ
/// runs from the lower to the upper one.
///
/// - Source: IEEE P3109 interim report 4.0, StochasticA, StochasticB and StochasticC.
public struct StochasticRounding: Sendable, Hashable {
  /// How the place in the gap becomes a count of words.
  public enum Variant: String, Sendable, Hashable, CaseIterable {
    /// Down: the cheapest circuit, biased toward zero.
    case a
    /// To nearest, ties away.
    case b
    /// To nearest, ties to even.
    case c
  }

  /// The numbers of random bits there are.
  public static let bitCounts = 1...32

  /// Random bits per number, N.
  public let bitCount: Int
  /// How the place in the gap becomes a count of words.
  public let variant: Variant

  /// Creates a rounding.
  ///
  /// - Precondition: `bitCount` is 1 to 32.
  public init(bitCount: Int = 16, variant: Variant = .c) {
    precondition(Self.bitCounts.contains(bitCount), "bitCount is \(bitCount); allowed: 1 to 32")
    self.bitCount = bitCount
    self.variant = variant
  }

  /// How many words there are, 2^N.
  public var wordCount: UInt64 { 1 << UInt64(bitCount) }

  /// Whether a word rounds away from zero when `awayCount` of all words do: those are the greatest.
  ///
  /// Of the word the low `bitCount` bits count.
  func roundsAway(_ word: UInt32, awayCount: UInt64) -> Bool {
    UInt64(word) & (wordCount - 1) + awayCount >= wordCount
  }
}

/// What a number may become under stochastic rounding, and for how many of the words.
public struct StochasticOutcome: Sendable, Hashable {
  /// The code of the neighbour nearer to zero.
  public let inner: UInt32
  /// The code of the other neighbour; the same when the outcome is certain.
  public let outer: UInt32
  /// How many of the 2^N words give `outer`: 0 to 2^N.
  public let awayCount: UInt64

  init(inner: UInt32, outer: UInt32, awayCount: UInt64) {
    self.inner = inner
    self.outer = outer
    self.awayCount = awayCount
  }

  /// One code whatever the word.
  init(certain code: UInt32) {
    self.init(inner: code, outer: code, awayCount: 0)
  }
}
