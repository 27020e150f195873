import BinadeNumerics
import CBinadeKernels

/// What elements of a block become under every code of its scale, as the least Float from which on each code is taken.
///
/// The steps are found by bisection on the reference, `BlockCodec`, whose rounding is monotone.
struct BlockLevels: Sendable {
  /// One entry per code of the scale.
  let table: [binade_block_levels]

  /// Nil for elements of more than 16 codes and scales of more than 8 bits.
  ///
  /// - Complexity: a few milliseconds.
  init?(_ codec: BlockCodec, outerScale: Float) {
    guard codec.format.element.bitWidth <= 4, codec.format.scale.bitWidth <= 8 else { return nil }
    table = (0..<UInt32(1) << UInt32(codec.format.scale.bitWidth)).map { code in
      Self.levels(codec, scale: codec.scale(of: code, outerScale: outerScale))
    }
  }

  private static func levels(_ codec: BlockCodec, scale: Double) -> binade_block_levels {
    var steps: [(key: Int32, code: UInt32)] = []
    func code(_ key: Int32) -> UInt32 { codec.code(of: value(ofKey: key), scale: scale) }
    let ends = (key(of: -.greatestFiniteMagnitude), key(of: .greatestFiniteMagnitude))
    func find(_ lower: Int32, _ lowerCode: UInt32, _ upper: Int32, _ upperCode: UInt32) {
      guard lowerCode != upperCode else { return }
      guard Int64(upper) - Int64(lower) > 1 else {
        steps.append((upper, upperCode))
        return
      }
      let middle = Int32((Int64(lower) + Int64(upper)) >> 1)
      let middleCode = code(middle)
      find(lower, lowerCode, middle, middleCode)
      find(middle, middleCode, upper, upperCode)
    }
    let least = code(ends.0)
    find(ends.0, least, ends.1, code(ends.1))
    var levels = binade_block_levels()
    func set<T, Row>(_ tuple: inout Row, _ values: [T]) {
      withUnsafeMutableBytes(of: &tuple) { bytes in
        values.withUnsafeBytes { bytes.copyMemory(from: $0) }
      }
    }
    let count = Int(BINADE_BLOCK_LEVELS)
    precondition(steps.count < count, "'\(codec.format.name)': more steps than codes")
    let codes = [least] + steps.map(\.code)
    let filled = codes + Array(repeating: codes[codes.count - 1], count: count - codes.count)
    set(&levels.keys, steps.map(\.key) + Array(repeating: Int32.max, count: count - 1 - steps.count))
    set(&levels.codes, filled)
    set(&levels.values, filled.map { codec.value(of: $0, scale: scale).bitPattern })
    return levels
  }

  /// The bits of a Float as a signed number, in the order of Floats, -0 below +0.
  static func key(of value: Float) -> Int32 {
    let bits = Int32(bitPattern: value.bitPattern)
    return bits ^ ((bits >> 31) & Int32.max)
  }

  private static func value(ofKey key: Int32) -> Float {
    Float(bitPattern: UInt32(bitPattern: key ^ ((key >> 31) & Int32.max)))
  }
}
