/// Bits per channel under a budget of bins: channels of greater range get more.
///
/// The optimum of `min Σ r² / 4^M` with `Σ 2^M = n 2^target` is `2^M = n 2^target r^(2/3) / Σ r^(2/3)`; log2 of it is rounded
/// and kept within 0 to 8. Rounding moves the mean, so the budget is moved until the mean is the target, at most ten times.
///
/// - Source: Banner, Nahshan and Soudry, NeurIPS 2019, equations 10 and 11; methods.md 3.5.
public struct BitAllocation: Sendable, Hashable {
  /// Bits of each channel.
  public let bitWidths: [Int]
  /// The budget that was used in the end, in bits per channel.
  public let budget: Double

  /// Why bits cannot be allocated.
  public enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    case noChannels
    case budgetTooSmall(bits: Double)
    case notFinite(channel: Int)

    /// One sentence: what, where, what was found, what is allowed.
    public var description: String {
      switch self {
      case .noChannels:
        "there are no channels to allocate bits to"
      case .budgetTooSmall(let bits):
        "a budget of \(bits) bits per channel; at least 1 and at most \(BitAllocation.greatestBitWidth) are possible"
      case .notFinite(let channel):
        "the range of channel \(channel) is no finite number of at least 0"
      }
    }
  }

  /// The most bits a channel can get.
  public static let greatestBitWidth = 8
  private static let greatestPassCount = 10

  /// Allocates a mean of `meanBitWidth` bits over channels of the given ranges.
  ///
  /// `ranges`: of any scale, such as standard deviations; a channel of range 0 gets no bits.
  public init(ranges: [Double], meanBitWidth: Double) throws(Failure) {
    guard !ranges.isEmpty else { throw .noChannels }
    guard meanBitWidth >= 1, meanBitWidth <= Double(Self.greatestBitWidth) else {
      throw .budgetTooSmall(bits: meanBitWidth)
    }
    if let channel = ranges.firstIndex(where: { !($0.isFinite && $0 >= 0) }) {
      throw .notFinite(channel: channel)
    }
    guard ranges.contains(where: { $0 > 0 }) else {
      // Nothing tells the channels apart, and nothing can be lost.
      bitWidths = ranges.map { _ in Int(meanBitWidth) }
      budget = meanBitWidth
      return
    }
    var budget = meanBitWidth
    var widths = Self.allocate(ranges, budget: budget)
    for _ in 1..<Self.greatestPassCount {
      let mean = Double(widths.reduce(0, +)) / Double(widths.count)
      let change = (meanBitWidth - mean) / 2
      guard abs(2 * change) > 0.01 else { break }
      budget += change
      widths = Self.allocate(ranges, budget: budget)
    }
    (bitWidths, self.budget) = (widths, budget)
  }

  /// log2 of the bins of each channel before rounding.
  package static func logarithmsOfBins(_ ranges: [Double], budget: Double) -> [Double] {
    let base = SpecialFunctions.logarithm(2)
    let weights = ranges.map {
      $0 > 0 ? SpecialFunctions.exponential(SpecialFunctions.logarithm($0) * 2 / 3) : 0
    }
    let sum = weights.reduce(0, +)
    let count = SpecialFunctions.logarithm(Double(ranges.count)) / base
    return weights.map { $0 > 0 ? budget + count + SpecialFunctions.logarithm($0 / sum) / base : -.infinity }
  }

  private static func allocate(_ ranges: [Double], budget: Double) -> [Int] {
    logarithmsOfBins(ranges, budget: budget).map {
      $0 <= 0 ? 0 : min(Int($0.rounded(.toNearestOrEven)), greatestBitWidth)
    }
  }

  /// The error of unrounded allocation over that of equal bits: S³ / (n² Σ r²) with S = Σ r^(2/3).
  public static func idealErrorRatio(ranges: [Double]) -> Double {
    let sum = ranges.reduce(0) {
      $0 + ($1 > 0 ? SpecialFunctions.exponential(SpecialFunctions.logarithm($1) * 2 / 3) : 0)
    }
    let squares = ranges.reduce(0) { $0 + $1 * $1 }
    let count = Double(ranges.count)
    return squares == 0 ? 1 : sum * sum * sum / (count * count * squares)
  }
}
