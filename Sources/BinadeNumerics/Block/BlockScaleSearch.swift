/// Which scales are tried for a block, of which the one with the least squared error is taken.
///
/// Errors are summed in Double in the order of elements; the first of equal ones wins, in the order of `candidates`.
public enum BlockScaleSearch: String, Sendable, Hashable, CaseIterable {
  /// One: what the greatest magnitude asks for.
  case none
  /// Every scale that the scale's format has.
  case mse
  /// Two: the greatest magnitude becomes 6 or 4, where float4_e2m1fn has its steps of 2 and of 1.
  ///
  /// - Source: Cook et al., Four Over Six: More Accurate NVFP4 Quantization with Adaptive Block Scaling, arXiv 2512.02010.
  case fourOverSix = "four-over-six"

  /// Throws `FormatError` where the two scales mean nothing: they are made for the values of float4_e2m1fn under a scale
  /// that is no power of two.
  public func check(_ format: BlockFormat) throws(FormatError) {
    guard self == .fourOverSix else { return }
    let magnitudes = format.elementValues.ladder.rungs.map(\.value).filter { $0 >= 0 }
    guard format.scale.rule == nil, magnitudes == [0, 0.5, 1, 1.5, 2, 3, 4, 6] else {
      throw .invalidParameter(
        format: format.name,
        parameter: "search",
        found: rawValue,
        allowed: "none, mse; four-over-six is for float4_e2m1fn under scales that are numbers, as nvfp4's"
      )
    }
  }
}

extension BlockCodec {
  /// The code of the scale of a block.
  package func scaleCode(of block: UnsafeBufferPointer<Float>, outerScale: Float) -> UInt32 {
    scaleCode(greatestMagnitude: Self.greatestMagnitude(block), outerScale: outerScale, block: block) {
      _,
      scale in
      var sum = 0.0
      for value in block {
        let error = Double(value) - Double(self.value(of: code(of: value, scale: scale), scale: scale))
        sum += error * error
      }
      return sum
    }
  }

  /// The code of the scale of a block with the greatest magnitude `amax`.
  ///
  /// `block`: whose elements tell when greater scales can only lose.
  /// `squaredError`: of the block under a code and its scale; called for codes that are tried.
  package func scaleCode(
    greatestMagnitude amax: Float,
    outerScale: Float,
    block: UnsafeBufferPointer<Float>,
    squaredError: (UInt32, Double) -> Double
  ) -> UInt32 {
    let plain = scaleCode(greatestMagnitude: amax, outerScale: outerScale)
    guard search != .none, amax > 0, amax.isFinite, outerScale > 0, outerScale.isFinite else { return plain }
    let plainScale = scale(of: plain, outerScale: outerScale)
    var best = (code: plain, error: squaredError(plain, plainScale))
    func attempt(_ code: UInt32, _ scale: Double) {
      let error = squaredError(code, scale)
      if error < best.error { best = (code, error) }
    }
    switch search {
    case .none: break
    case .fourOverSix:
      // amax / 4 is (1.5 amax) / 6; a Float beyond the range saturates as the scale would.
      let raised = min(amax * 1.5, .greatestFiniteMagnitude)
      let code = scaleCode(greatestMagnitude: raised, outerScale: outerScale)
      if code != plain { attempt(code, scale(of: code, outerScale: outerScale)) }
    case .mse:
      let roundsToNearest = rounding == .nearestEven || rounding == .nearestAway
      let scales = scaleValues
      let place = scales.firstIndex { $0.value * Double(outerScale) > plainScale } ?? scales.count
      for (code, value) in scales[..<place].reversed() where code != plain {
        let scale = value * Double(outerScale)
        // What the greatest element alone loses grows from here on.
        let clipped = Double(amax) - format.greatestElementMagnitude * scale
        if clipped > 0, clipped * clipped >= best.error { break }
        attempt(code, scale)
      }
      for (code, value) in scales[place...] {
        let scale = value * Double(outerScale)
        // Rounded to nearest, elements below half the least magnitude become zero: what they lose grows from here on.
        // A little less, as sums of another order may differ in the last places.
        if roundsToNearest,
          (1 - 1e-9) * Self.power(of: block, below: scale * format.leastElementMagnitude / 2) > best.error
        {
          break
        }
        attempt(code, scale)
        if roundsToNearest, Double(amax) < scale * format.leastElementMagnitude / 2 { break }
      }
    }
    return best.code
  }

  /// The sum of squares of the elements of a magnitude below `limit`.
  private static func power(of block: UnsafeBufferPointer<Float>, below limit: Double) -> Double {
    var sum = 0.0
    for value in block {
      let magnitude = Double(abs(value))
      sum += magnitude < limit ? magnitude * magnitude : 0
    }
    return sum
  }
}
