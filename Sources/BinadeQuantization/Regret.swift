import BinadeNumerics

/// How far a format is from the best set of as many levels for the same values: the ratio of their mean squared errors.
///
/// A regret near 1 says that no other format of as many codes can help this tensor; only more codes, or other values, can.
///
/// - Source: ``LloydMaxCodebook`` for the optimum.
public struct Regret: Sendable, Hashable {
  /// The mean squared error of the quantizer.
  public let meanSquaredError: Double
  /// The least mean squared error of any `levelCount` levels.
  public let leastMeanSquaredError: Double
  /// The different finite values of the quantizer's format.
  public let levelCount: Int

  /// The ratio of the errors, at least 1 up to rounding; 1 when both are 0, infinite when only the optimum is.
  public var ratio: Double {
    meanSquaredError == leastMeanSquaredError ? 1 : meanSquaredError / leastMeanSquaredError
  }

  /// Measures one channel, or a tensor with one scale.
  ///
  /// Nil for formats too wide to list their values, for random words, and for channels that use a part of a format's values.
  ///
  /// - Complexity: as ``LloydMaxCodebook``.
  /// - Precondition: at least one value, all finite.
  public init?(_ values: [Float], quantizer: Quantizer, channel: Int = 0) {
    guard let rungs = quantizer.codec.rungs, !quantizer.isStochastic, quantizer.limits == nil else {
      return nil
    }
    let scale = Double(quantizer.scale(ofChannel: channel))
    var quantized = [Float](repeating: 0, count: values.count)
    values.withUnsafeBufferPointer { input in
      quantized.withUnsafeMutableBufferPointer { output in
        if let target = output.baseAddress { Self.levels(input, quantizer, channel, into: target) }
      }
    }
    let squares = zip(values, quantized).reduce(0.0) { sum, pair in
      let error = Double(pair.0) - Double(pair.1) * scale
      return sum + error * error
    }
    meanSquaredError = squares / Double(values.count)
    levelCount = Set(rungs.map(\.value)).count
    leastMeanSquaredError = LloydMaxCodebook(values, levelCount: levelCount).meanSquaredError
  }

  /// The values of the format, before they are scaled back: the scaling of a level is exact in Double.
  private static func levels(
    _ input: UnsafeBufferPointer<Float>,
    _ quantizer: Quantizer,
    _ channel: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    let scale = quantizer.scale(ofChannel: channel)
    for index in input.indices { output[index] = input[index] / scale }
    quantizer.codec.roundTrip(UnsafeBufferPointer(start: output, count: input.count), into: output)
  }
}
