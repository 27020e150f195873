import BinadeNumerics

/// Rows on which a conversion to a block format could go wrong.
///
/// Each block has a greatest magnitude at which a rule for scales switches, and is filled with the values and
/// boundaries of the element times the scale, and the Floats next to them.
struct BlockCheckInputs {
  private let oracle: BlockOracle
  private let points: [MPFRNumber]
  private let blockLength: Int
  private var cursor = 0

  init(_ oracle: BlockOracle) {
    self.oracle = oracle
    // Of blocks longer than this, short ones are made.
    blockLength = min(oracle.format.blockLength, 48)
    points = Self.thinned(Self.points(of: oracle.elements.ladder), to: 2048)
  }

  /// All rows, the same each time.
  mutating func rows() -> [[Float]] {
    var rows = specialRows()
    let anchors = anchors()
    // Two blocks a row, the second one short.
    for index in stride(from: 0, to: anchors.count, by: 2) {
      var row = block(amax: anchors[index], outerScale: nil, count: blockLength)
      if blockLength == oracle.format.blockLength, index + 1 < anchors.count {
        row += block(amax: anchors[index + 1], outerScale: nil, count: blockLength / 2 + 1)
      }
      rows.append(row)
    }
    rows += scaledRows()
    // Rows of one block that run through every value and boundary of the element.
    cursor = 0
    let blocksNeeded = 3 * points.count / max(1, blockLength - 1) + 1
    for index in 0..<blocksNeeded {
      let amax = Float(sign: .plus, exponent: index % 8 - 4, significand: 1.984375)
      rows.append(block(amax: amax, outerScale: nil, count: blockLength))
    }
    return rows
  }

  /// Zeros, NaN, infinities, lengths around that of a block, extremes side by side.
  private func specialRows() -> [[Float]] {
    let length = oracle.format.blockLength
    let plain = (0..<length).map { Float($0 % 13) - 6.5 }
    var rows: [[Float]] = [
      [], [0], [-0.0], Array(repeating: 0, count: length), Array(repeating: -0.0, count: length + 1),
      [.leastNonzeroMagnitude, -0.0, 0], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1],
      [.greatestFiniteMagnitude, .leastNonzeroMagnitude, .leastNormalMagnitude, -1],
    ]
    for poison: Float in [.nan, -.nan, .infinity, -.infinity, .signalingNaN] {
      rows.append([poison])
      var row = plain + plain + [0.5, -3]
      row[length + length / 2] = poison
      rows.append(row)
    }
    for count in [1, length - 1, length, length + 1, 2 * length + 1] where count > 0 {
      rows.append((0..<count).map { Float(($0 * 7) % 31) / 4 - 3.5 })
    }
    return rows
  }

  /// Greatest magnitudes at, just below and just above those where an exponent changes.
  private func anchors() -> [Float] {
    let ladder = oracle.elements.ladder
    let greatest = ladder.greatest.value
    let step = MPFRNumber.difference(ladder.afterGreatest, greatest, precision: 320)
    let fractionBits = max(0, greatest.binade - step.binade)
    let exponents =
      Array(-149 ... -118) + Array(stride(from: -117, to: -8, by: 9)) + Array(-8...8)
      + Array(stride(from: 9, to: 118, by: 9)) + Array(118...127)
    var anchors: [Float] = []
    for exponent in exponents {
      let edges = [
        MPFRNumber(1, timesTwoTo: exponent),
        greatest.scaled(byTwoTo: exponent - greatest.binade),
        MPFRNumber((4 << Int64(fractionBits)) - 1, timesTwoTo: exponent - fractionBits - 1),
      ]
      for edge in edges {
        let below = edge.floatBelow
        anchors += [below.nextDown, below, below.nextUp]
      }
    }
    return anchors.filter { $0 > 0 && $0.isFinite }
  }

  /// Blocks whose scale is a number at, just below and just above a value or boundary of its format.
  private mutating func scaledRows() -> [[Float]] {
    guard let scales = oracle.scales else { return [] }
    let greatest = oracle.elements.ladder.greatest.value
    let divisor = MPFRNumber.product(greatest, scales.ladder.greatest.value, precision: 320)
    let rowMagnitudes: [Float] =
      oracle.format.scale.outer == .none
      ? [.greatestFiniteMagnitude]
      : [-149, -147, -130, -126, -3, 0, 2, 100].map {
        divisor.scaled(byTwoTo: $0).floatBelow
      } + [1, 3.3, 0x1.fffffep5, 0x1p-140, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
    let scalePoints = Self.thinned(Self.points(of: scales.ladder).filter { $0.sign > 0 }, to: 256)
    var rows: [[Float]] = []
    for magnitude in rowMagnitudes {
      let outer = oracle.outerScale(for: MPFRNumber(Double(magnitude)))
      var row = block(amax: magnitude, outerScale: outer, count: oracle.format.blockLength)
      for point in scalePoints {
        let edge = MPFRNumber.product(
          MPFRNumber.product(point, greatest, precision: 320),
          MPFRNumber(Double(outer)),
          precision: 320
        ).floatBelow
        for amax in [edge, edge.nextUp] where amax > 0 && amax <= magnitude {
          row += block(amax: amax, outerScale: outer, count: oracle.format.blockLength)
        }
      }
      rows.append(row)
    }
    return rows
  }

  /// A block with one element of magnitude `amax` and none above it.
  private mutating func block(amax: Float, outerScale: Float?, count: Int) -> [Float] {
    let magnitude = MPFRNumber(Double(amax))
    let outer = outerScale ?? oracle.outerScale(for: magnitude)
    let code = oracle.expectedScaleCode(magnitude, outerScale: outer)
    var block = [cursor % 2 == 0 ? amax : -amax]
    guard let scale = oracle.scaleValue(of: code, outerScale: outer) else { return block }
    for _ in 0..<4 * count where block.count < count {
      let product = MPFRNumber.product(points[cursor / 3 % points.count], scale, precision: 320)
      let below = product.floatBelow
      let value = [below.nextDown, below, below.nextUp][cursor % 3]
      cursor += 1
      if abs(value) <= amax { block.append(value) }
    }
    block += Array(repeating: 0, count: count - block.count)
    return block
  }

  /// The values of a format and the boundaries between them.
  private static func points(of ladder: any OracleLadder) -> [MPFRNumber] {
    let rungs = ladder.rungsToTest
    return rungs.map(\.value)
      + zip(rungs, rungs.dropFirst()).map { ladder.twiceBoundary($0, $1).scaled(byTwoTo: -1) }
  }

  private static func thinned(_ points: [MPFRNumber], to limit: Int) -> [MPFRNumber] {
    guard points.count > limit else { return points }
    return (0..<limit).map { points[$0 * points.count / limit] }
  }
}
