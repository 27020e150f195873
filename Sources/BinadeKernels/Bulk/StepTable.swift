import BinadeNumerics
import CBinadeKernels

/// A codec of up to 16 bits as a table small enough for the first cache levels, whatever its values are: posits,
/// takums, logarithmic formats, codebooks.
///
/// Formats of up to 8 bits look an input's top bits up: with at most one step among the inputs that share them, one
/// comparison tells its code. In wider ones a line through the steps guesses the number of the step, to be raised by
/// one or not. Both are checked for every step when the table is made, and the few inputs where neither works
/// (subnormals of Float32 in formats that go beyond it) are found by search.
struct StepTable: Sendable {
  /// Buckets that may be left to search before finer ones are tried.
  private static let toleratedSearches = 4

  let shift: UInt32
  let buckets: [binade_bucket]
  let searchCount: Int
  let lines: [Int64]
  let starts: [UInt32]
  let codes: [UInt16]
  /// By code.
  let values: [Float]

  /// Nil for codecs that have no steps written out.
  init?(_ codec: FormatCodec) {
    guard let written = codec.steps else { return nil }
    // Infinity may become what overflow does, and NaN what infinity does.
    var steps: [CodeStep] = []
    for step in written where step.code != steps.last?.code { steps.append(step) }
    let keys = steps.map(\.key)
    let codes = steps.map { UInt16($0.code) }
    // One entry more: the greatest key of all compares equal to the end.
    starts = keys + [.max]
    self.codes = codes + codes.suffix(1)
    values = (0..<UInt32(1) << UInt32(codec.info.bitWidth)).map { codec.decode($0) }
    if codec.info.bitWidth <= 8 {
      (shift, buckets, searchCount) = Self.coarsest(from: 19) { Self.buckets(keys, codes, shift: $0) }
      lines = []
    } else {
      (shift, lines, searchCount) = Self.coarsest(from: 23) { Self.lines(keys, shift: $0) }
      buckets = []
    }
  }

  /// The table of the fewest buckets that leaves next to nothing to search.
  private static func coarsest<Entry>(
    from shift: UInt32,
    _ make: (UInt32) -> (entries: [Entry], searches: Int)
  )
    -> (shift: UInt32, entries: [Entry], searches: Int)
  {
    for shift in stride(from: shift, to: 16, by: -1) {
      let (entries, searches) = make(shift)
      if searches <= toleratedSearches { return (shift, entries, searches) }
    }
    let (entries, searches) = make(16)
    return (16, entries, searches)
  }

  /// Per range of inputs with the same top bits: the bits of the first input that has the second code, and both codes.
  private static func buckets(_ keys: [UInt32], _ codes: [UInt16], shift: UInt32)
    -> (entries: [binade_bucket], searches: Int)
  {
    var searches = 0
    let entries = (UInt32(0)..<1 << (32 - shift)).map { bucket in
      let bits = bucket << shift
      let isNegative = bits >> 31 == 1
      // Keys of negative numbers descend.
      let least = isNegative ? ~(bits | (1 << shift - 1)) : bits | 0x8000_0000
      let first = lastIndex(in: keys, notAbove: least)
      let last = lastIndex(in: keys, notAbove: least | (1 << shift - 1))
      func entry(_ threshold: UInt32, _ first: UInt16, _ second: UInt16) -> binade_bucket {
        binade_bucket(threshold: threshold, codes: (first, second))
      }
      if last == first { return entry(0, codes[first], codes[first]) }
      guard last == first + 1 else {
        searches += 1
        return entry(0, .max, .max)
      }
      return isNegative
        ? entry(~(keys[last] - 1), codes[last], codes[first])
        : entry(keys[last] & 0x7FFF_FFFF, codes[first], codes[last])
    }
    return (entries, searches)
  }

  private static func lastIndex(in keys: [UInt32], notAbove key: UInt32) -> Int {
    var low = 0
    var count = keys.count
    while count > 1 {
      let half = count / 2
      if keys[low + half] <= key { low += half }
      count -= half
    }
    return low
  }

  /// Per range of keys with the same top bits: a line that guesses the number of the step.
  private static func lines(_ keys: [UInt32], shift: UInt32) -> (entries: [Int64], searches: Int) {
    var lines: [Int64] = []
    var searches = 0
    var first = 0
    for bucket in UInt32(0)..<1 << (32 - shift) {
      if first + 1 < keys.count, keys[first + 1] == bucket << shift { first += 1 }
      var end = first
      while end + 1 < keys.count, keys[end + 1] >> shift == bucket { end += 1 }
      let places = keys[(first + 1)..<(end + 1)].map { Int64($0 & (1 << shift - 1)) }
      if let line = line(through: places, first: Int64(first), width: 1 << shift) {
        lines += [line.intercept, line.slope]
      } else {
        lines += [0, -1]
        searches += 1
      }
      first = end
    }
    return (lines, searches)
  }

  /// A line that is, cut off to an integer, the number of the step or one less, from key 0 of a bucket to the last.
  private static func line(through places: [Int64], first: Int64, width: Int64)
    -> (intercept: Int64, slope: Int64)?
  {
    let unit = Int64(1) << 31
    guard let least = places.first, let greatest = places.last, greatest > least else {
      return (first * unit, 0)
    }
    let slope = Int64(places.count - 1) * unit / (greatest - least)
    // Halfway between the numbers before and after the first step.
    let intercept = first * unit + unit / 2 - slope * least
    func isNear(_ place: Int64, _ number: Int64) -> Bool {
      let guess = (intercept + place * slope) >> 31
      return guess == number || guess == number - 1
    }
    guard intercept >= 0, isNear(0, first) else { return nil }
    for (index, place) in places.enumerated() {
      let number = first + Int64(index) + 1
      guard isNear(place, number), isNear(place - 1, number - 1) else { return nil }
    }
    return isNear(width - 1, first + Int64(places.count)) ? (intercept, slope) : nil
  }

  /// Calls `body` with the table as the C functions read it.
  private func withTable(_ body: (UnsafePointer<binade_step_table>) -> Void) {
    buckets.withUnsafeBufferPointer { buckets in
      lines.withUnsafeBufferPointer { lines in
        starts.withUnsafeBufferPointer { starts in
          codes.withUnsafeBufferPointer { codes in
            var table = binade_step_table(
              shift: shift,
              step_count: UInt32(starts.count - 1),
              search_count: UInt32(searchCount),
              buckets: buckets.isEmpty ? nil : buckets.baseAddress,
              lines: lines.baseAddress,
              starts: starts.baseAddress,
              codes: codes.baseAddress
            )
            body(&table)
          }
        }
      }
    }
  }

  /// Codes of one or two bytes.
  ///
  /// - Precondition: `Code` is UInt8 or UInt16.
  @inline(__always)
  func encode<Code: FixedWidthInteger & UnsignedInteger>(
    _ input: UnsafeBufferPointer<Float>,
    _ scaling: binade_scaling,
    into codes: UnsafeMutablePointer<Code>
  ) {
    let target = UnsafeMutableRawPointer(codes)
    switch Code.bitWidth {
    case 8:
      let bytes = target.assumingMemoryBound(to: UInt8.self)
      withTable { binade_encode_steps_8(input.baseAddress, input.count, $0, scaling, bytes) }
    case 16:
      let words = target.assumingMemoryBound(to: UInt16.self)
      withTable { binade_encode_steps_16(input.baseAddress, input.count, $0, scaling, words) }
    default:
      preconditionFailure("no step table writes \(Code.self)")
    }
  }

  /// Values, times the scale.
  func round(
    _ input: UnsafeBufferPointer<Float>,
    _ scaling: binade_scaling,
    into output: UnsafeMutablePointer<Float>
  ) {
    withTable { binade_round_steps(input.baseAddress, input.count, $0, scaling, values, output) }
  }

  /// Which lookup it is, for reports.
  var path: String { lines.isEmpty ? "buckets" : "lines" }
}
