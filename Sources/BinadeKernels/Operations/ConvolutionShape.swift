/// The sizes of a two-dimensional convolution of one image; square stride and padding.
public struct ConvolutionShape: Sendable, Hashable {
  /// Channels of the input image.
  public let inputChannels: Int
  /// Rows of the input image, in pixels.
  public let inputHeight: Int
  /// Columns of the input image, in pixels.
  public let inputWidth: Int
  /// Channels of the output: the number of kernels.
  public let outputChannels: Int
  /// Rows of a kernel.
  public let kernelHeight: Int
  /// Columns of a kernel.
  public let kernelWidth: Int
  /// Pixels between neighbouring patches.
  public let stride: Int
  /// Zero pixels added on each side.
  public let padding: Int
  /// Groups of channels that do not mix; as many as input channels make a depthwise convolution.
  public let groups: Int

  /// Creates a shape.
  ///
  /// - Precondition: `groups` divides both channel counts; the kernel fits the padded image; no size is 0.
  public init(
    inputChannels: Int,
    inputHeight: Int,
    inputWidth: Int,
    outputChannels: Int,
    kernelHeight: Int,
    kernelWidth: Int,
    stride: Int = 1,
    padding: Int = 0,
    groups: Int = 1
  ) {
    precondition(
      groups > 0 && inputChannels % groups == 0 && outputChannels % groups == 0,
      "\(groups) groups do not divide \(inputChannels) and \(outputChannels) channels"
    )
    precondition(
      min(inputChannels, inputHeight, inputWidth, outputChannels, kernelHeight, kernelWidth, stride) > 0
        && padding >= 0 && kernelHeight <= inputHeight + 2 * padding
        && kernelWidth <= inputWidth + 2 * padding,
      "a kernel of \(kernelHeight) x \(kernelWidth), stride \(stride), padding \(padding) has no place in "
        + "\(inputHeight) x \(inputWidth) pixels of \(inputChannels) channels"
    )
    self.inputChannels = inputChannels
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.outputChannels = outputChannels
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.padding = padding
    self.groups = groups
  }

  /// Rows of the output.
  public var outputHeight: Int { (inputHeight + 2 * padding - kernelHeight) / stride + 1 }
  /// Columns of the output.
  public var outputWidth: Int { (inputWidth + 2 * padding - kernelWidth) / stride + 1 }
  /// Rows of the input with its padding.
  public var paddedHeight: Int { inputHeight + 2 * padding }
  /// Columns of the input with its padding.
  public var paddedWidth: Int { inputWidth + 2 * padding }
  /// Elements of the input with its padding.
  public var paddedInputCount: Int { inputChannels * paddedHeight * paddedWidth }
  /// Elements after a padded image that kernels may read, without using them.
  public static let readAhead = 8
  /// Elements of the input.
  public var inputCount: Int { inputChannels * inputHeight * inputWidth }
  /// Pixels of one output channel.
  public var outputPixelCount: Int { outputHeight * outputWidth }
  /// Elements of the output.
  public var outputCount: Int { outputChannels * outputPixelCount }
  /// Input channels that one output channel sees.
  public var groupInputChannels: Int { inputChannels / groups }
  /// Output channels of one group.
  public var groupOutputChannels: Int { outputChannels / groups }
  /// Whether every channel has a kernel of its own and gives one output channel.
  public var isDepthwise: Bool { groups > 1 && groups == inputChannels && groups == outputChannels }
  /// Products per output element: the reduction length.
  public var depth: Int { groupInputChannels * kernelHeight * kernelWidth }
  /// Multiply-accumulate operations per image.
  public var multiplyAccumulateCount: Int { outputCount * depth }
}
