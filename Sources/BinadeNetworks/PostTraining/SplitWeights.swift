import BinadeQuantization

/// Weights whose greatest input channels were split before they were rounded.
///
/// The copies of a channel see the same input, so the sum of their rounded weights stands for the channel.
struct SplitWeights {
  /// As the layer's weights.
  let weights: [Float]
  /// Channels added, as a share of the input channels.
  let expansion: Double

  private static let share = 0.05

  init(_ layer: FoldedNetwork.Layer, bitWidth: Int) {
    let shape = layer.shape
    let (depth, kernel, inputs) = (
      shape.depth, shape.kernelHeight * shape.kernelWidth, shape.groupInputChannels
    )
    let count = Int((Self.share * Double(inputs)).rounded(.up))
    expansion = Double(count) / Double(inputs)
    var magnitudes = [Double](repeating: 0, count: inputs)
    for (index, weight) in layer.weights.enumerated() {
      let channel = index % depth / kernel
      magnitudes[channel] = max(magnitudes[channel], Double(abs(weight)))
    }
    var copies = [Int](repeating: 1, count: inputs)
    for channel in OutlierChannelSplitting.channels(greatestMagnitudes: magnitudes, count: count) {
      copies[channel] += 1
    }
    weights = (0..<shape.outputChannels).flatMap { output -> [Float] in
      let row = layer.weights[output * depth..<(output + 1) * depth].map(Double.init)
      // The step of the range after splitting decides where the halves go, and they decide the range: halving first is
      // within half a step of it.
      let halves = row.enumerated().map { $1 / Double(copies[$0 / kernel]) }
      let (least, greatest) = (halves.min() ?? 0, halves.max() ?? 0)
      let quantizer = AffineQuantizer(lower: least, range: greatest - least, bitWidth: bitWidth)
      return row.enumerated().map { index, weight in
        var parts = [weight]
        while parts.count < copies[index / kernel] {
          let (low, high) = OutlierChannelSplitting.split(parts.removeFirst(), step: quantizer.scale)
          parts += [low, high]
        }
        return Float(parts.reduce(0) { $0 + quantizer.fakeQuantize($1) })
      }
    }
  }
}
