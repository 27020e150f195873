import BinadeKernels
import BinadeNumerics

/// Codes and what they mean: what calibrations make of weights, recipes change and layers pack.
///
/// - Shape: channel after channel, each of ``channelLength`` elements.
public struct CodedTensor: Sendable {
  /// What the codes mean.
  public private(set) var quantizer: Quantizer
  /// One code per element.
  public let codes: [UInt32]
  /// Elements of a channel.
  public let channelLength: Int
  /// In block formats the scale of the block of every element; empty for others.
  public private(set) var blockScales: [Double]
  /// What is added to all elements of a channel after their scale; empty without.
  public var offsets: [Float] = []
  /// Bits of elements that are coded twice or more.
  public var addedBitCount = 0

  /// Codes that something has found.
  ///
  /// - Precondition: whole channels; a scale for every element in block formats.
  public init(_ quantizer: Quantizer, codes: [UInt32], channelLength: Int, blockScales: [Double] = []) {
    precondition(channelLength > 0 && codes.count.isMultiple(of: channelLength), "no whole channels")
    precondition((quantizer.blocks == nil) == blockScales.isEmpty, "scales of blocks for block formats")
    self.quantizer = quantizer
    self.codes = codes
    self.channelLength = channelLength
    self.blockScales = blockScales
  }

  /// Encodes a tensor: each element to the nearest value that its channel has, as the quantizer's rounding says.
  ///
  /// - Precondition: whole channels; no block format, whose blocks depend on the order of elements.
  public init(_ values: [Float], _ quantizer: Quantizer, channelLength: Int) {
    let codes = values.enumerated().map {
      quantizer.code(of: $1, channel: $0 / channelLength, element: $0)
    }
    self.init(quantizer, codes: codes, channelLength: channelLength)
  }

  /// The codes of values that the codec has, before any scale.
  ///
  /// - Precondition: whole channels; no block format.
  public init(exactly values: [Float], _ quantizer: Quantizer, channelLength: Int) {
    self.init(quantizer, codes: values.map(quantizer.codec.encode), channelLength: channelLength)
  }

  /// Channels.
  public var channelCount: Int { codes.count / channelLength }

  /// What the codes stand for, before any scale, in multiples of `unit`.
  public func unscaledValues(unit: Float = 1) -> [Float] {
    codes.map { quantizer.codec.decode($0) / unit }
  }

  /// Multiplies what the codes of each channel stand for by a factor, which joins its scale.
  ///
  /// - Precondition: a factor for each channel.
  public mutating func scale(by factors: [Double]) {
    precondition(factors.count == channelCount, "\(factors.count) factors for \(channelCount) channels")
    if blockScales.isEmpty {
      let scales = factors.enumerated().map { Float(Double(quantizer.scales[$0]) * $1) }
      quantizer = quantizer.replacing(scales: scales)
    } else {
      for place in blockScales.indices { blockScales[place] *= factors[place / channelLength] }
    }
  }

  /// What the codes stand for, scales and offsets included.
  public var values: [Float] {
    let coded = codedValues
    guard !offsets.isEmpty else { return coded }
    return coded.enumerated().map { $1 + offsets[$0 / channelLength] }
  }

  /// The same without offsets.
  public var codedValues: [Float] {
    codes.enumerated().map { place, code in
      let value = Double(quantizer.codec.decode(code))
      return Float(
        value * (blockScales.isEmpty ? Double(quantizer.scales[place / channelLength]) : blockScales[place])
      )
    }
  }

  /// The least and the greatest value that an element can have, offsets left out.
  public func range(ofElement place: Int) -> ClosedRange<Float> {
    guard let blocks = quantizer.blocks else { return quantizer.range(ofChannel: place / channelLength) }
    let limits = blocks.codec.format.elementLimits
    let scale = blockScales[place]
    // A block with NaN has no range.
    return scale.isNaN
      ? -.infinity ... .infinity : Float(limits.lowerBound * scale)...Float(limits.upperBound * scale)
  }

  /// Bits of the codes.
  public var bitCount: Int { Int((quantizer.meanBitWidth * Double(codes.count)).rounded()) }

  /// Bits of scales, zero points, bit widths and offsets, those of blocks left out.
  public var parameterBitCount: Int { quantizer.parameterBitCount + 32 * offsets.count + addedBitCount }

  /// How far `tensor`, which these are codes of, is from them.
  ///
  /// - Precondition: as many elements.
  public func error(of tensor: [Float]) -> QuantizationError {
    precondition(tensor.count == codes.count, "\(tensor.count) elements for \(codes.count) codes")
    var error = QuantizationError()
    let rounded = values
    tensor.withUnsafeBufferPointer { before in
      rounded.withUnsafeBufferPointer { after in
        for place in before.indices {
          guard let quantized = after.baseAddress.map({ $0 + place }) else { continue }
          let element = UnsafeBufferPointer(rebasing: before[place...place])
          if quantizer.blocks != nil {
            error.measure(element, quantized: quantized, range: range(ofElement: place))
          } else {
            error.measure(element, quantized: quantized, quantizer: quantizer, channel: place / channelLength)
          }
        }
      }
    }
    return error
  }
}
