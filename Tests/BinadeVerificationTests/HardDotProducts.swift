import BinadeNumerics

/// Vectors of codes whose dot products are hard to round: sums that cancel to the last bit, ties of the final rounding and
/// their neighbours, overflow, NaN and infinities; and random ones.
struct HardDotProducts {
  private let left: Vocabulary
  private let right: Vocabulary
  private let result: [Double]
  private var state: UInt64 = 20_251

  /// The finite values of a format, ascending, and its other codes; a sample of formats of more than 16 bits.
  struct Vocabulary {
    let values: [(code: UInt32, value: Double)]
    let allCodes: [UInt32]

    init(_ format: any NumericFormat) {
      let step = format.bitWidth <= 16 ? 1 : (UInt64(1) << UInt64(format.bitWidth)) / 65_537
      allCodes = stride(from: 0, to: UInt64(1) << UInt64(format.bitWidth), by: Int(step)).map { UInt32($0) }
      values = allCodes.map { ($0, format.decode($0)) }.filter { $0.1.isFinite }.sorted { $0.1 < $1.1 }
    }

    /// The code of the value closest to `target`.
    func nearest(_ target: Double) -> UInt32 {
      var (low, high) = (0, values.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if values[middle].value < target { low = middle + 1 } else { high = middle }
      }
      let below = values[max(low - 1, 0)]
      return abs(below.value - target) < abs(values[low].value - target) ? below.code : values[low].code
    }

    func value(of code: UInt32) -> Double { values.first { $0.code == code }?.value ?? 0 }

    /// The least value above zero.
    var least: UInt32 { values.first { $0.value > 0 }?.code ?? values[0].code }
    var zero: UInt32 { nearest(0) }
  }

  init(_ left: any NumericFormat, _ right: any NumericFormat, result: (any NumericFormat)?) {
    self.left = Vocabulary(left)
    self.right = Vocabulary(right)
    self.result = result.map { Vocabulary($0).values.map(\.value) } ?? []
  }

  private mutating func random(_ count: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % count
  }

  private mutating func code(_ vocabulary: Vocabulary) -> UInt32 {
    vocabulary.values[random(vocabulary.values.count)].code
  }

  /// 32 rows and 32 columns of 13 codes; row i and column i are made for each other.
  mutating func next(includingSpecials: Bool) -> (rows: [[UInt32]], columns: [[UInt32]]) {
    var (rows, columns): ([[UInt32]], [[UInt32]]) = ([], [])
    for index in 0..<32 {
      var terms: [(UInt32, UInt32)]
      switch index % 4 {
      case 0: terms = cancelling()
      case 1: terms = result.isEmpty ? floatTie() : tie()
      case 2: terms = Array(repeating: extremes(), count: 1 + random(13))
      default: terms = (0..<13).map { _ in (code(left), code(right)) }
      }
      while terms.count < 13 { terms.insert((left.zero, right.zero), at: random(terms.count + 1)) }
      if includingSpecials, index % 4 == 3 {
        terms[random(13)] = (
          left.allCodes[random(left.allCodes.count)], right.allCodes[random(right.allCodes.count)]
        )
      }
      rows.append(terms.map(\.0))
      columns.append(terms.map(\.1))
    }
    return (rows, columns)
  }

  /// Six products and their negatives, and one small product that is left over.
  private mutating func cancelling() -> [(UInt32, UInt32)] {
    var terms = [(left.least, random(2) == 0 ? right.least : code(right))]
    for _ in 0..<6 {
      let (a, b) = (code(left), code(right))
      terms.insert((a, b), at: random(terms.count + 1))
      let negated = left.nearest(-left.value(of: a))
      terms.insert((negated, b), at: random(terms.count + 1))
    }
    return terms
  }

  /// The middle between two floats, exactly or one least product beside it, where the formats reach that far.
  private mutating func floatTie() -> [(UInt32, UInt32)] {
    let (a, b) = (left.nearest(.infinity), right.nearest(.infinity))
    let top = Int(left.value(of: a).exponent + right.value(of: b).exponent) - random(4)
    // 1 + 2^-23·odd or even + 2^-24, times 2^top.
    var terms = power(top) + power(top - 24)
    if random(2) == 0 { terms += power(top - 23) }
    terms += beside()
    return terms.shuffledBy { random($0) }
  }

  /// The middle between two neighbours of the result format, exactly or one least product beside it.
  private mutating func tie() -> [(UInt32, UInt32)] {
    let place = random(result.count - 1)
    let half = right.nearest(0.5)
    let terms = [(left.nearest(result[place]), half), (left.nearest(result[place + 1]), half)]
    return (terms + beside()).shuffledBy { random($0) }
  }

  /// Nothing, or the least product with one sign or the other.
  private mutating func beside() -> [(UInt32, UInt32)] {
    switch random(3) {
    case 0: []
    case 1: [(left.least, right.least)]
    default: [(left.nearest(-left.value(of: left.least)), right.least)]
    }
  }

  private func power(_ exponent: Int) -> [(UInt32, UInt32)] {
    let greatest = Int(left.value(of: left.nearest(.infinity)).exponent)
    let part = min(max(exponent / 2, -greatest), greatest)
    return [
      (
        left.nearest(Double(sign: .plus, exponent: part, significand: 1)),
        right.nearest(Double(sign: .plus, exponent: exponent - part, significand: 1))
      )
    ]
  }

  private mutating func extremes() -> (UInt32, UInt32) {
    let one = left.values[random(2) == 0 ? 0 : left.values.count - 1].code
    return (one, right.values[random(2) == 0 ? 0 : right.values.count - 1].code)
  }
}

extension Array {
  /// Fisher and Yates, with a random number below its argument.
  fileprivate func shuffledBy(_ random: (Int) -> Int) -> [Element] {
    var result = self
    for last in stride(from: count - 1, to: 0, by: -1) { result.swapAt(last, random(last + 1)) }
    return result
  }
}
