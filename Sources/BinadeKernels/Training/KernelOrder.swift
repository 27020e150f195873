/// Weights in the orders in which products read them.
///
/// Files and parameters have PyTorch's order, outputChannels x channels per group x kernelHeight x kernelWidth. Forward
/// panels and the gradients of weights run along output channels, the panels of data gradients along input channels.
package enum KernelOrder {
  /// kernelHeight x kernelWidth x channels per group x outputChannels.
  ///
  /// - Shape: `weights` and `ordered` hold `depth x outputChannels` of `shape`.
  static func outputsInnermost(
    _ weights: UnsafePointer<Float>,
    _ shape: ConvolutionShape,
    into ordered: UnsafeMutablePointer<Float>
  ) {
    forEachWeight(shape) { place, tap, channel, output in
      ordered[(tap * shape.groupInputChannels + channel) * shape.outputChannels + output] = weights[place]
    }
  }

  /// kernelHeight x kernelWidth x outputChannels x channels per group.
  ///
  /// - Shape: as ``outputsInnermost(_:_:into:)``.
  static func inputsInnermost(
    _ weights: UnsafePointer<Float>,
    _ shape: ConvolutionShape,
    into ordered: UnsafeMutablePointer<Float>
  ) {
    forEachWeight(shape) { place, tap, channel, output in
      ordered[(tap * shape.outputChannels + output) * shape.groupInputChannels + channel] = weights[place]
    }
  }

  /// PyTorch's order of what ``outputsInnermost(_:_:into:)`` gives.
  ///
  /// - Shape: as ``outputsInnermost(_:_:into:)``.
  package static func restore(
    _ ordered: UnsafePointer<Float>,
    _ shape: ConvolutionShape,
    into weights: UnsafeMutablePointer<Float>
  ) {
    forEachWeight(shape) { place, tap, channel, output in
      weights[place] = ordered[(tap * shape.groupInputChannels + channel) * shape.outputChannels + output]
    }
  }

  /// Calls `body` with the place of each weight in PyTorch's order, its kernel position, channel in the group and output.
  @inline(__always)
  private static func forEachWeight(_ shape: ConvolutionShape, _ body: (Int, Int, Int, Int) -> Void) {
    let taps = shape.kernelHeight * shape.kernelWidth
    var place = 0
    for output in 0..<shape.outputChannels {
      for channel in 0..<shape.groupInputChannels {
        for tap in 0..<taps {
          body(place, tap, channel, output)
          place += 1
        }
      }
    }
  }
}

/// Weights with output channels innermost, as columns: rows are copied, not gathered.
struct OrderedWeightColumns<Operand>: ColumnSource {
  /// depth x `rowStride`, from the first column on.
  let weights: UnsafePointer<Operand>
  /// Channels of a tap, as the layout of depth counts them.
  let tapChannels: Int
  let rowStride: Int

  @inline(__always)
  func row(
    tap: Int,
    channel: Int,
    columns: Range<Int>,
    scratch: UnsafeMutablePointer<Operand>
  ) -> UnsafePointer<Operand> {
    weights + ((tap * tapChannels + channel) * rowStride + columns.lowerBound)
  }
}
