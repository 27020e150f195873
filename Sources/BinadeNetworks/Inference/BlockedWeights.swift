import BinadeKernels
import BinadeNumerics
import BinadeQuantization

/// Weights in the order of blocks: the input channels of one kernel position lie next to each other.
extension ConvolutionShape {
  /// Kernel positions.
  var tapCount: Int { kernelHeight * kernelWidth }

  /// One output channel, from the order of weight files to that of blocks.
  ///
  /// - Shape: `row` is channels per group x kernelHeight x kernelWidth; the result kernelHeight x kernelWidth x channels per
  ///   group.
  package func blockOrder<Element>(_ row: ArraySlice<Element>) -> [Element] {
    let (taps, channels, first) = (tapCount, groupInputChannels, row.startIndex)
    return (0..<row.count).map { row[first + $0 % channels * taps + $0 / channels] }
  }

  /// One output channel, back to the order of weight files.
  package func fileOrder<Element>(_ row: [Element]) -> [Element] {
    let (taps, channels) = (tapCount, groupInputChannels)
    return (0..<row.count).map { row[$0 % taps * channels + $0 / taps] }
  }
}

extension BlockFormat {
  /// Bits of the scales of a layer's weights, those above the blocks left out.
  public func scaleBitCount(of shape: ConvolutionShape) -> Int {
    scaleBitCount(rowCount: shape.outputChannels * shape.tapCount, rowLength: shape.groupInputChannels)
  }
}

extension FoldedNetwork.Layer {
  /// The weights of one output channel.
  func row(_ channel: Int) -> ArraySlice<Float> {
    weights[channel * shape.depth..<(channel + 1) * shape.depth]
  }

  /// The weights as codes in blocks, in the order of ``weights``.
  func coded(_ quantizer: Quantizer, _ blocks: BlockScales) -> CodedTensor {
    var codes: [UInt32] = []
    var scales: [Double] = []
    for channel in 0..<shape.outputChannels {
      let row = blocks.encode(
        shape.blockOrder(row(channel)),
        rowLength: shape.groupInputChannels,
        channel: channel
      )
      codes += shape.fileOrder(row.codes)
      scales += shape.fileOrder(row.scales)
    }
    return CodedTensor(quantizer, codes: codes, channelLength: shape.depth, blockScales: scales)
  }
}

extension CompiledNetwork {
  /// A sentence for each block format whose blocks are longer than the input channels of some layers.
  static func shortBlockNotes(_ network: FoldedNetwork, _ assignments: [LayerAssignment]) -> [String] {
    var lengths: [String: Int] = [:]
    var channels: [String: [Int]] = [:]
    for (layer, assignment) in zip(network.layers, assignments) {
      let formats = [assignment.weights, assignment.activations].compactMap { $0?.format.blocks }
      let byName = Dictionary(formats.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
      for format in byName.values where format.blockLength > layer.shape.groupInputChannels {
        lengths[format.name] = format.blockLength
        channels[format.name, default: []].append(layer.shape.groupInputChannels)
      }
    }
    return lengths.sorted { $0.key < $1.key }.map { name, length in
      let counts = channels[name] ?? []
      let (least, greatest) = (counts.min() ?? 0, counts.max() ?? 0)
      return
        "blocks of '\(name)' have \(length) elements and lie along the input channels: in \(counts.count) of "
        + "\(network.layers.count) layers they are as short as the channels, "
        + (least == greatest ? "\(least)" : "\(least) to \(greatest)")
    }
  }
}
