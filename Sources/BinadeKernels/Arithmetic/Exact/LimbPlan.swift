/// How a product of integers of many bits becomes products of matrices of 16-bit integers.
///
/// Every value is v·2^quantum with an integer v, written in signed digits of `width` bits, its limbs:
/// v = sum over t of limb(t)·2^(width·t). A sum of products then is
///
///     sum over s of 2^(width·s) · sum over t + u = s of (limb t of a)·(limb u of b)
///
/// and the inner sum is one matrix product, with the pairs (t, u) laid end to end along the depth. The depth is cut so
/// that no such sum can leave int32. Only codes that the matrices hold count: a matrix of small numbers has fewer limbs.
struct LimbPlan: Sendable {
  /// The limb pairs of one weight, and how far sums of them stay within int32.
  struct Weight: Sendable {
    /// The weight is 2^shift.
    let shift: Int
    /// Which limbs meet, those that are all zero left out.
    let pairs: [(left: Int, right: Int)]
    /// Steps of depth whose products can be summed in int32.
    let depth: Int
  }

  /// The weights that occur, ascending.
  let weights: [Weight]
  /// Limbs of the left operand: one table by code for each.
  let left: [[Int16]]
  /// Limbs of the right operand.
  let right: [[Int16]]
  /// One unit of the sums is 2^exponent.
  let exponent: Int
  /// Bits that hold every sum with its sign.
  let sumBitCount: Int

  /// Products of 16-bit integers per product of values.
  var pairCount: Int { weights.reduce(0) { $0 + $1.pairs.count } }

  /// Chooses the limbs for products of `depth` terms with the least work; nil when sums may not fit 127 bits, or a value
  /// 62.
  ///
  /// `isWhole`: sums of each weight must stay within int32 over the whole depth.
  init?(_ left: ExactOperand, _ right: ExactOperand, depth: Int, isWhole: Bool = false) {
    let carryCount = Int.bitWidth - max(depth, 1).leadingZeroBitCount
    sumBitCount = left.bitCount + right.bitCount + carryCount + 1
    guard left.bitCount <= 62, right.bitCount <= 62, sumBitCount <= 127 else { return nil }
    exponent = left.quantum + right.quantum
    var best: (cost: Double, width: Int, weights: [Weight])?
    for width in 6...15 {
      let weights = Self.weights(left.limbBounds(width: width), right.limbBounds(width: width), width: width)
      if isWhole, weights.contains(where: { $0.depth < depth }) { continue }
      let cost = weights.reduce(0.0) { $0 + Self.cost($1, depth: depth) }
      if cost < best?.cost ?? .infinity { best = (cost, width, weights) }
    }
    guard let best else { return nil }
    weights = best.weights
    self.left = left.limbs(width: best.width)
    self.right = right.limbs(width: best.width)
  }

  /// Cost per output, in products: every addition to the wide sum costs as much as about a hundred of them.
  private static func cost(_ weight: Weight, depth: Int) -> Double {
    Double(weight.pairs.count * depth) + 100 * Double((depth + weight.depth - 1) / weight.depth)
  }

  /// `left` and `right` hold the greatest magnitude of each limb.
  private static func weights(_ left: [Int], _ right: [Int], width: Int) -> [Weight] {
    (0..<max(left.count + right.count - 1, 0)).compactMap { sum in
      let pairs = left.indices.compactMap { t -> (left: Int, right: Int)? in
        let u = sum - t
        return right.indices.contains(u) && left[t] != 0 && right[u] != 0 ? (t, u) : nil
      }
      guard !pairs.isEmpty else { return nil }
      let bound = pairs.reduce(0) { $0 + left[$1.left] * right[$1.right] }
      return Weight(shift: sum * width, pairs: pairs, depth: max(1, Int(Int32.max) / bound))
    }
  }
}
