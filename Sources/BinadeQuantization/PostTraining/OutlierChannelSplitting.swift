/// Duplicates input channels with the greatest weights and splits each weight in two, so that the range halves.
///
/// In steps of the quantizer, w becomes (w - 1/2) / 2 and (w + 1/2) / 2: with halves rounded up,
/// `round(w) = round((w - 1/2) / 2) + round((w + 1/2) / 2)`, so splitting itself adds no error.
///
/// - Source: Zhao, Hu, Dotzel, De Sa and Zhang, "Improving Neural Network Quantization without Retraining using Outlier Channel
///   Splitting", ICML 2019; methods.md 4.7.
public enum OutlierChannelSplitting {
  /// The two parts of a weight, in the weight's own unit.
  ///
  /// `step`: the distance of neighbouring values of the quantizer that follows.
  public static func split(_ weight: Double, step: Double) -> (Double, Double) {
    ((weight - step / 2) / 2, (weight + step / 2) / 2)
  }

  /// Which channels are duplicated, most often several times: the one that holds the greatest magnitude, again and again.
  ///
  /// `greatestMagnitudes`: of the weights of each input channel.
  /// `count`: duplicates to add.
  ///
  /// - Shape: `count` indices of channels; a channel that comes k times is split k times.
  public static func channels(greatestMagnitudes: [Double], count: Int) -> [Int] {
    guard !greatestMagnitudes.isEmpty else { return [] }
    var magnitudes = greatestMagnitudes
    return (0..<max(count, 0)).map { _ in
      let channel = magnitudes.indices.max { magnitudes[$0] < magnitudes[$1] } ?? 0
      magnitudes[channel] /= 2
      return channel
    }
  }
}
