import BinadeNumerics
import CBinadeKernels

/// What elements of a block become under every code of its scale, as the least Float from which on each code is taken.
///
/// The steps are found by bisection on the reference, `BlockCodec`, whose rounding is monotone.
struct BlockLevels: Sendable {
  /// One entry per code of the scale.
  let table: [binade_block_levels]
  /// Whether negative numbers become what their magnitudes become, negated, zeros too.
  let isMirrored: Bool

  private typealias Entry = (levels: binade_block_levels, isMirrored: Bool)
  private typealias Steps = [(key: Int32, value: UInt32)]

  /// Nil for elements of more than 16 codes and scales of more than 8 bits.
  ///
  /// - Complexity: a few milliseconds.
  init?(_ codec: BlockCodec, outerScale: Float) {
    guard codec.format.element.bitWidth <= 4, codec.format.scale.bitWidth <= 8 else { return nil }
    let entries = (0..<UInt32(1) << UInt32(codec.format.scale.bitWidth)).map { code -> Entry in
      let scale = codec.scale(of: code, outerScale: outerScale)
      // No block gets a negative scale, nor -0.
      let isUsed = scale.isNaN || scale.sign == .plus
      return isUsed ? Self.levels(codec, scale: scale) : (binade_block_levels(), true)
    }
    table = entries.map(\.levels)
    isMirrored = entries.allSatisfy(\.isMirrored)
  }

  private static func levels(_ codec: BlockCodec, scale: Double) -> Entry {
    let (least, greatest) = (-Float.greatestFiniteMagnitude, Float.greatestFiniteMagnitude)
    let codes = MonotoneSteps.find(from: MonotoneSteps.key(of: least), to: MonotoneSteps.key(of: greatest)) {
      codec.code(of: MonotoneSteps.value(ofKey: $0), scale: scale)
    }
    let values = codes.map { ($0.key, codec.value(of: $0.value, scale: scale).bitPattern) }
    var levels = binade_block_levels()
    fill(&levels.keys, &levels.codes, codes, codec)
    fill(&levels.keys, &levels.values, values, codec)
    guard let magnitudes = magnitudes(values) else { return (levels, false) }
    fill(&levels.magnitude_keys, &levels.magnitude_values, magnitudes, codec)
    levels.sign = scale.isNaN ? 0 : 1 << 31
    return (levels, true)
  }

  /// The levels from +0 on, where the negative ones mirror them; nil where they do not.
  private static func magnitudes(_ steps: Steps) -> Steps? {
    let zero = steps.lastIndex { $0.key <= 0 } ?? 0
    let magnitudes = [(key: Int32(0), value: steps[zero].value)] + steps[(zero + 1)...]
    if Float(bitPattern: steps[zero].value).isNaN { return magnitudes }
    let sign = UInt32(1) << 31
    // The key of -x is the complement of x's: what begins at k ends at -k, in the order of keys.
    let ends = magnitudes.dropFirst().map { -$0.key }.reversed() + [0]
    let mirrored = zip([steps[0].key] + ends.dropLast(), magnitudes.reversed().map { $0.value | sign })
    guard zero == magnitudes.count, magnitudes.allSatisfy({ $0.value & sign == 0 }),
      zip(steps, mirrored).allSatisfy({ $0.key == $1.0 && $0.value == $1.1 })
    else { return nil }
    return magnitudes
  }

  /// Writes levels, the last one repeated where fewer are used.
  private static func fill<Keys, Levels>(
    _ keys: inout Keys,
    _ levels: inout Levels,
    _ steps: Steps,
    _ codec: BlockCodec
  ) {
    let count = MemoryLayout<Levels>.size / MemoryLayout<UInt32>.size
    precondition(steps.count <= count, "'\(codec.format.name)': more steps than codes")
    func write<T, Row>(_ values: [T], to row: inout Row) {
      withUnsafeMutableBytes(of: &row) { bytes in values.withUnsafeBytes { bytes.copyMemory(from: $0) } }
    }
    write((1..<count).map { $0 < steps.count ? steps[$0].key : .max }, to: &keys)
    write((0..<count).map { steps[min($0, steps.count - 1)].value }, to: &levels)
  }
}
