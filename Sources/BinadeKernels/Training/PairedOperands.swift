import CBinadeKernels

/// Makes maps of bfloat16 operands from lines of float32, each rounded once to nearest even: pairs of channels, pairs of
/// images, or both.
struct PairedOperands {
  let imageCount: Int
  let height: Int, width: Int, channels: Int
  /// Pixels of zeros on each side.
  let rim: Int
  let features: CPUFeatures

  /// Elements of a map with its rim.
  var paddedCount: Int { (height + 2 * rim) * (width + 2 * rim) * channels }

  /// Pairs of images; the last may be one image and zeros.
  var pairCount: Int { (imageCount + 1) / 2 }

  /// Floats of working memory.
  var lineCount: Int { 2 * width * channels }

  /// Writes the maps.
  ///
  /// `straight`: the maps one after another, channels in pairs, the earlier in the upper half; nil if they are not wanted.
  /// `interleaved`: one map for two images, the first in the upper half; nil if they are not wanted.
  /// `line`: makes a line of an image in the room that it gets, or returns where it lies already.
  ///
  /// - Shape: `straight` holds imageCount·paddedCount / 2, `interleaved` pairCount·paddedCount pairs.
  /// - Precondition: an even number of channels for `straight`.
  func fill(
    straight: UnsafeMutablePointer<UInt32>?,
    interleaved: UnsafeMutablePointer<UInt32>?,
    lines: UnsafeMutablePointer<Float>,
    line: (Int, Int, UnsafeMutablePointer<Float>) -> UnsafePointer<Float>
  ) {
    let (count, rimCount) = (width * channels, rim * channels)
    let paddedLine = count + 2 * rimCount
    for pair in 0..<pairCount {
      let isWhole = 2 * pair + 1 < imageCount
      let targets = [
        straight.map { $0 + pair * paddedCount },
        isWhole ? straight.map { $0 + pair * paddedCount + paddedCount / 2 } : nil,
      ]
      let both = interleaved.map { $0 + pair * paddedCount }
      for target in targets { clearRim(target, elements: 2, paddedLine, rimCount) }
      clearRim(both, elements: 1, paddedLine, rimCount)
      if !isWhole { (lines + count).update(repeating: 0, count: count) }
      for row in 0..<height {
        let place = (row + rim) * paddedLine + rimCount
        let first = line(2 * pair, row, lines)
        let second = isWhole ? line(2 * pair + 1, row, lines + count) : UnsafePointer(lines + count)
        for (target, made) in zip(targets, [first, second]) {
          if let target { binade_pairs_bf16(features.rawValue, made, count, target + place / 2) }
        }
        if let both { binade_interleave_bf16(features.rawValue, first, second, count, both + place) }
      }
    }
  }

  /// Puts zeros around a map; `elements` of it lie in one pair.
  private func clearRim(
    _ map: UnsafeMutablePointer<UInt32>?,
    elements: Int,
    _ paddedLine: Int,
    _ rimCount: Int
  ) {
    guard let map, rim > 0 else { return }
    let (line, side) = (paddedLine / elements, rimCount / elements)
    map.update(repeating: 0, count: rim * line)
    (map + (rim + height) * line).update(repeating: 0, count: rim * line)
    for row in rim..<rim + height {
      (map + row * line).update(repeating: 0, count: side)
      (map + (row + 1) * line - side).update(repeating: 0, count: side)
    }
  }
}
