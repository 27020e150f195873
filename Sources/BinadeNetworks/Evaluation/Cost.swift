import BinadeKernels

/// What a network costs in given bit widths.
///
/// The width of a block format is that of its elements: products are of elements. Scales of blocks of weights count as memory.
///
/// Convolutions and fully connected layers count; batch norm, pooling, additions and biases do not.
///
/// - Source: quadratic, linear, weight memory: AQT, "Pareto-Optimal Quantized ResNet Is Mostly 4-bit", arXiv
///   2105.03536, released cost model. BitOPs: FracBits, arXiv 2007.02017, 2.5.
public struct Cost: Sendable, Hashable, Codable {
  /// Bit widths of one layer's operands.
  public struct Widths: Sendable, Hashable {
    /// Bits of a weight.
    public var weights: Int
    /// Bits of an activation.
    public var activations: Int
    /// Output channels whose weights have other widths.
    public var channels: [Channels]

    /// Some output channels.
    public struct Channels: Sendable, Hashable {
      /// Which.
      public var range: ClosedRange<Int>
      /// Bits of a weight of theirs.
      public var weights: Int

      /// Creates a width of some channels.
      public init(range: ClosedRange<Int>, weights: Int) {
        self.range = range
        self.weights = weights
      }
    }

    /// Creates a pair of widths.
    public init(weights: Int, activations: Int, channels: [Channels] = []) {
      self.weights = weights
      self.activations = activations
      self.channels = channels
    }

    /// Bits of a weight, with the number of output channels that have them.
    func parts(outputChannels: Int) -> [(channels: Int, weights: Int)] {
      let own = channels.map { (channels: $0.range.count, weights: $0.weights) }
      return own + [(outputChannels - own.reduce(0) { $0 + $1.channels }, weights)]
    }
  }

  /// Multiply-accumulate operations per image.
  public let multiplyAccumulateCount: Int
  /// Weights of convolutions and fully connected layers.
  public let weightCount: Int
  /// AQT's quadratic cost: the sum of MACs x activation bits x weight bits.
  ///
  /// Nil above 16 bits, where the model
  /// is not defined.
  public let aqtQuadratic: Int?
  /// AQT's linear cost: the sum of MACs x the wider operand, rounded up to 4, 8 or 16 bits.
  ///
  /// Nil above 16 bits.
  public let aqtLinear: Int?
  /// The sum of MACs x activation bits x weight bits, for any width.
  public let bitOperations: Int
  /// Bits of all weights.
  public let weightMemoryBits: Int
  /// Bits of all scales, of weights and of activations.
  public let scaleMemoryBits: Int

  /// Adds up the layers of `graph`.
  ///
  /// `widths`: one pair per layer with weights.
  /// `weightMemoryBits`: of all weights, where their bits differ within layers; nil computes them from `widths`.
  public init(
    _ graph: NetworkGraph,
    widths: [Widths],
    scaleMemoryBits: Int = 0,
    weightMemoryBits: Int? = nil
  ) {
    self.init(
      graph.weightedLayers.map(\.shape),
      widths: widths,
      scaleMemoryBits: scaleMemoryBits,
      weightMemoryBits: weightMemoryBits
    )
  }

  /// Adds up some layers; all of a network's are the network.
  public init(
    _ shapes: [ConvolutionShape],
    widths: [Widths],
    scaleMemoryBits: Int = 0,
    weightMemoryBits: Int? = nil
  ) {
    precondition(widths.count == shapes.count, "one pair of widths per layer")
    var (macs, weights, quadratic, linear, memory) = (0, 0, 0, 0, 0)
    for (shape, bits) in zip(shapes, widths) {
      let count = shape.multiplyAccumulateCount
      let weightsOfLayer = shape.outputChannels * shape.depth
      macs += count
      weights += weightsOfLayer
      for part in bits.parts(outputChannels: shape.outputChannels) {
        let ofPart = count / shape.outputChannels * part.channels
        quadratic += ofPart * part.weights * bits.activations
        linear += ofPart * Self.hardwareWidth(max(part.weights, bits.activations))
        memory += weightsOfLayer / shape.outputChannels * part.channels * part.weights
      }
    }
    let isDefined = widths.allSatisfy { widths in
      widths.activations <= 16 && widths.weights <= 16 && widths.channels.allSatisfy { $0.weights <= 16 }
    }
    multiplyAccumulateCount = macs
    weightCount = weights
    aqtQuadratic = isDefined ? quadratic : nil
    aqtLinear = isDefined ? linear : nil
    bitOperations = quadratic
    self.weightMemoryBits = weightMemoryBits ?? memory
    self.scaleMemoryBits = scaleMemoryBits
  }

  /// The same widths everywhere but in the first and the last layer.
  public init(_ graph: NetworkGraph, body: Widths, ends: Widths? = nil, scaleMemoryBits: Int = 0) {
    let count = graph.weightedLayers.count
    self.init(
      graph,
      widths: (0..<count).map { $0 == 0 || $0 == count - 1 ? ends ?? body : body },
      scaleMemoryBits: scaleMemoryBits
    )
  }

  /// The width of the multiplier that hardware with 4, 8 and 16 bits would use.
  private static func hardwareWidth(_ bits: Int) -> Int {
    bits <= 4 ? 4 : bits <= 8 ? 8 : 16
  }

  /// Weights and scales together, in bytes.
  public var memoryBytes: Double { Double(weightMemoryBits + scaleMemoryBits) / 8 }
}
