/// What a network made of a data set: the rank of the right class, image by image.
public struct Predictions: Sendable, Hashable {
  /// Per image how many classes were preferred to the right one; 255 for more than 254, and when the logit of
  /// the right class is NaN.
  public let ranks: [UInt8]

  /// Creates predictions from ranks.
  public init(ranks: [UInt8]) {
    self.ranks = ranks
  }

  /// Ranks the right class of each image by its logits.
  ///
  /// - Shape: `logits` is images x classes, row-major; one label per image.
  package init(logits: [Float], labels: [Int]) {
    let classes = labels.isEmpty ? 0 : logits.count / labels.count
    precondition(logits.count == classes * labels.count, "\(logits.count) logits of \(labels.count) images")
    ranks = logits.withUnsafeBufferPointer { logits in
      labels.enumerated().map { image, label in
        Self.rank(
          of: label,
          in: UnsafeBufferPointer(rebasing: logits[image * classes..<(image + 1) * classes])
        )
      }
    }
  }

  /// Images.
  public var count: Int { ranks.count }
  /// Images whose right class came first.
  public var top1Count: Int { ranks.count { $0 == 0 } }
  /// Image by image, whether the right class came first.
  public var top1Outcomes: Top1Outcomes { Top1Outcomes(ranks.map { $0 == 0 }) }
  /// Images whose right class was among the first five.
  public var top5Count: Int { ranks.count { $0 < 5 } }

  /// Counts the classes preferred to `label`: a greater logit, NaN, or an equal one of a lower index.
  static func rank(of label: Int, in logits: UnsafeBufferPointer<Float>) -> UInt8 {
    let own = logits[label]
    if own.isNaN { return 255 }
    var preferred = 0
    for (index, logit) in logits.enumerated()
    where logit > own || logit.isNaN || (logit == own && index < label) {
      preferred += 1
    }
    return UInt8(min(preferred, 255))
  }
}
