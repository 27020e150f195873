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
    let (taps, channels) = (shape.kernelHeight * shape.kernelWidth, shape.groupInputChannels)
    for output in 0..<shape.outputChannels {
      for channel in 0..<channels {
        let source = weights + (output * channels + channel) * taps
        for tap in 0..<taps {
          ordered[(tap * channels + channel) * shape.outputChannels + output] = source[tap]
        }
      }
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
    let (taps, channels) = (shape.kernelHeight * shape.kernelWidth, shape.groupInputChannels)
    for output in 0..<shape.outputChannels {
      for channel in 0..<channels {
        let source = weights + (output * channels + channel) * taps
        for tap in 0..<taps {
          ordered[(tap * shape.outputChannels + output) * channels + channel] = source[tap]
        }
      }
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
    let (taps, channels) = (shape.kernelHeight * shape.kernelWidth, shape.groupInputChannels)
    for output in 0..<shape.outputChannels {
      for channel in 0..<channels {
        let target = weights + (output * channels + channel) * taps
        for tap in 0..<taps {
          target[tap] = ordered[(tap * channels + channel) * shape.outputChannels + output]
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
