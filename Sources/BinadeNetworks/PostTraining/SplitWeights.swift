import BinadeQuantization

/// Weights whose greatest input channels were split before they were rounded.
///
/// The copies of a channel see the same input, so the sum of their rounded weights stands for the channel.
struct SplitWeights {
  /// The steps of each output channel.
  let grids: [QuantizationGrid]
  /// As the layer's weights, in steps: sums of those of the copies.
  let steps: [Float]
  /// Channels added, as a share of the input channels.
  let expansion: Double
  /// The most copies of one channel: a sum has so many times the range of a grid.
  let greatestCopyCount: Int

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
    let channels = (0..<shape.outputChannels).map { output -> (QuantizationGrid, [Float]) in
      let row = layer.weights[output * depth..<(output + 1) * depth].map(Double.init)
      // The step of the range after splitting decides where the halves go, and they decide the range: halves without a
      // step are within half of one.
      let halves = row.enumerated().flatMap { Self.parts(of: $1, copies: copies[$0 / kernel], step: 0) }
      let (least, greatest) = (halves.min() ?? 0, halves.max() ?? 0)
      let grid = QuantizationGrid(lower: least, range: greatest - least, bitWidth: bitWidth)
      let steps = row.enumerated().map { index, weight -> Float in
        let parts = Self.parts(of: weight, copies: copies[index / kernel], step: Double(grid.scale))
        return parts.reduce(0) { $0 + Float((grid.fakeQuantize($1) / Double(grid.scale)).rounded()) }
      }
      return (grid, steps)
    }
    grids = channels.map(\.0)
    steps = channels.flatMap(\.1)
    // Each copy of a channel adds to the range that sums have.
    greatestCopyCount = copies.max() ?? 1
  }

  /// A weight split until there is a part for each copy of its channel.
  private static func parts(of weight: Double, copies: Int, step: Double) -> [Double] {
    var parts = [weight]
    while parts.count < copies {
      let (low, high) = OutlierChannelSplitting.split(parts.removeFirst(), step: step)
      parts += [low, high]
    }
    return parts
  }
}
