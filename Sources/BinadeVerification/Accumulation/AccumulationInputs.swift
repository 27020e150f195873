import BinadeKernels
import BinadeNumerics

/// Matrices whose dot products are hard for an accumulator: ties and numbers next to them, sums that cancel, subnormals,
/// overflow and wide gaps between exponents, besides random ones.
struct AccumulationInputs {
  /// One matrix product.
  struct Product {
    let rows: Int
    let depth: Int
    let columns: Int
    let a: [Float]
    let b: [Float]
  }

  /// Numbers to multiply one left operand with.
  private struct Trap {
    let left: Float
    let rights: [Float]
  }

  private let left: [Float]
  private let right: [Float]
  private let specials: (left: [Float], right: [Float])
  /// Products halfway between values of the accumulator: those that two roundings would get wrong.
  private let ties: [Trap]
  /// The greatest of them, and the smallest products that the accumulator keeps: one after the other they are a tie that
  /// is none, by a bit that float32 cannot see.
  private let greatTies: [Trap]
  private let smallest: [Trap]
  private var state: UInt64

  /// `seed`: the same inputs for the same seed.
  init(_ model: AccumulatorModel, left: FormatCodec, right: FormatCodec, seed: UInt64) {
    state = seed
    self.left = Self.values(left)
    self.right = Self.values(right)
    specials = (Self.specialValues(left), Self.specialValues(right))
    let (few, others) = (Self.thinned(self.left), Self.thinned(self.right))
    let ties = Self.traps(few, others) { Self.isTie($0, model.sum) }
    let greatest = Self.magnitudes(ties).max() ?? 0
    let least = model.sum.leastNonzeroMagnitude
    let kept = Self.magnitudes(Self.traps(few, others) { abs($0) >= least && abs($0).isFinite && $0 != 0 })
    let leastKept = kept.min() ?? 0
    self.ties = ties
    greatTies = ties.flatMap { trap in
      Self.traps([trap.left], trap.rights) { abs($0) >= greatest / 8 }
    }
    smallest = Self.traps(few, others) { abs($0) >= leastKept && abs($0) <= 8 * leastKept && $0 != 0 }
  }

  /// A SplitMix64 generator (Steele, Lea and Flood, OOPSLA 2014).
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  private mutating func pick(below count: Int) -> Int { Int(next() >> 33) % max(count, 1) }

  private mutating func pick(_ values: [Float]) -> Float {
    values.isEmpty ? 0 : values[pick(below: values.count)]
  }

  /// The next product; sizes go through the edges of tiles.
  mutating func nextProduct() -> Product {
    let shapes = [(1, 1), (3, 2), (4, 16), (5, 17), (4, 32), (7, 33), (13, 31), (2, 63)]
    let (m, n) = shapes[pick(below: shapes.count)]
    // Mostly short: what goes wrong does so in a few steps, and many sums of few terms see more of them.
    let k = next() % 48 == 0 ? 67 : [1, 2, 2, 3, 3, 4, 5, 5, 8, 13][pick(below: 10)]
    var product = next() & 1 == 0 ? random(m, k, n) : hard(m, k, n)
    if next() & 31 == 0 { product = withSpecials(product) }
    return product
  }

  private mutating func random(_ m: Int, _ k: Int, _ n: Int) -> Product {
    // A window of the values: from all of them to a few binades.
    let share = [1, 2, 8][pick(below: 3)]
    func window(_ values: [Float], _ start: Int) -> [Float] {
      let count = max(1, values.count / share)
      let first = min(start % max(values.count, 1), values.count - count)
      return Array(values[first..<first + count])
    }
    let (ownLeft, ownRight) = (window(left, pick(below: left.count)), window(right, pick(below: right.count)))
    let a = (0..<m * k).map { _ in next() & 1 == 0 ? pick(ownLeft) : -pick(ownLeft) }.map(Self.held(left))
    let b = (0..<k * n).map { _ in pick(ownRight) }
    return Product(rows: m, depth: k, columns: n, a: a, b: b)
  }

  /// Every step is of one kind for all rows and columns, so that every dot product is a hard one; rows differ in signs.
  private mutating func hard(_ m: Int, _ k: Int, _ n: Int) -> Product {
    var steps: [Trap] = []
    for p in 0..<k { steps.append(step(after: p > 0 ? steps[p - 1] : nil)) }
    if k > 1, !greatTies.isEmpty, !smallest.isEmpty, next() & 1 == 0 {
      steps[0] = smallest[pick(below: smallest.count)]
      steps[1] = greatTies[pick(below: greatTies.count)]
    }
    let keep = Self.held(left)
    var (a, b): ([Float], [Float]) = ([], [])
    for _ in 0..<m {
      for step in steps { a.append(keep(next() & 3 == 0 ? -step.left : step.left)) }
    }
    for step in steps {
      for _ in 0..<n { b.append(pick(step.rights)) }
    }
    return Product(rows: m, depth: k, columns: n, a: a, b: b)
  }

  private mutating func step(after previous: Trap?) -> Trap {
    func ends(_ values: [Float], greatest: Bool) -> [Float] {
      let sorted = values.filter { $0 != 0 }.sorted { abs($0) < abs($1) }
      return Array(greatest ? sorted.suffix(4) : sorted.prefix(4))
    }
    switch pick(below: 6) {
    case 0:
      return Trap(left: pick(ends(left, greatest: true)), rights: ends(right, greatest: true))
    case 1:
      return Trap(left: pick(ends(left, greatest: false)), rights: ends(right, greatest: false))
    case 2:
      // What was added is taken away again.
      guard let previous else { fallthrough }
      return Trap(left: Self.held(left)(-previous.left), rights: previous.rights)
    case 3:
      return Trap(left: pick(left), rights: right)
    default:
      guard !ties.isEmpty else { return Trap(left: pick(left), rights: ends(right, greatest: false)) }
      return ties[pick(below: ties.count)]
    }
  }

  private mutating func withSpecials(_ product: Product) -> Product {
    var (a, b) = (product.a, product.b)
    if !specials.left.isEmpty { a[pick(below: a.count)] = pick(specials.left) }
    if !specials.right.isEmpty { b[pick(below: b.count)] = pick(specials.right) }
    return Product(rows: product.rows, depth: product.depth, columns: product.columns, a: a, b: b)
  }

  /// Keeps numbers that are operands; unsigned formats and two's complement have no opposite of some.
  private static func held(_ values: [Float]) -> (Float) -> Float {
    let (least, greatest) = (values.first ?? 0, values.last ?? 0)
    return { $0 < least || $0 > greatest ? -$0 : $0 }
  }

  /// The finite values, ascending; those of a wide format around every power of two of its code.
  private static func values(_ codec: FormatCodec) -> [Float] {
    let width = UInt32(codec.info.bitWidth)
    let codes: [UInt32] =
      width <= 16
      ? Array(0..<1 << width)
      : (0..<width).flatMap { bit in
        [-1, 0, 1, 2].map {
          UInt32(truncatingIfNeeded: (Int64(1) << Int64(bit)) + $0) & (UInt32.max >> (32 - width))
        }
      }
    return codes.map { codec.decode($0) }.filter(\.isFinite).sorted()
  }

  private static func specialValues(_ codec: FormatCodec) -> [Float] {
    let specials = codec.reference.ladder.specials
    return [specials.nan, specials.positiveInfinity, specials.negativeInfinity].compactMap { $0 }
      .map { codec.decode($0) } + [0, specials.negativeZero == nil ? 0 : -0.0]
  }

  private static func magnitudes(_ traps: [Trap]) -> [Double] {
    traps.flatMap { trap in trap.rights.map { abs(Double(trap.left) * Double($0)) } }
  }

  /// Numbers whose products satisfy `predicate`, by left operand.
  private static func traps(_ left: [Float], _ right: [Float], _ predicate: (Double) -> Bool) -> [Trap] {
    left.compactMap { factor in
      let found = right.filter { predicate(Double(factor) * Double($0)) }
      return found.isEmpty ? nil : Trap(left: factor, rights: found)
    }
  }

  private static func thinned(_ values: [Float]) -> [Float] {
    stride(from: 0, to: values.count, by: max(1, values.count / 256)).map { values[$0] }
  }

  private static func isTie(_ product: Double, _ sum: AccumulatorFormat) -> Bool {
    guard let ladder = sum.codec?.reference.ladder else {
      guard let wide = sum.fixedPoint, product.magnitude < wide.greatest else { return false }
      let steps = product / wide.quantum
      return (steps - steps.rounded(.down)) == 0.5
    }
    guard ladder.least.value < product, product < ladder.greatest.value else { return false }
    let (lower, upper) = ladder.neighbours(of: product)
    guard lower.code != upper.code else { return false }
    return ladder.boundary(between: lower, and: upper).position(of: product) == .atBoundary
  }
}
