/// One affine quantizer per channel, or one for all, for tensors with the channels innermost; in Float32, as frameworks
/// compute it.
///
/// `y = (round(clip(x / scale + zeroPoint, 0, greatest)) - zeroPoint) * scale`, each operation rounded to float32. NaN stays.
///
/// - Source: ``AffineQuantizer``, the same in Double.
public struct AffineChannels: Sendable, Hashable {
  /// One quantizer, or one per channel.
  public let quantizers: [AffineQuantizer]
  private let scales: [Float]
  private let zeroPoints: [Float]
  private let greatest: [Float]

  /// Adding and taking away 1.5 · 2^23 rounds to whole numbers, halves to even, magnitudes below 2^22.
  private static let rounder: Float = 0x1.8p23

  /// Creates quantizers.
  ///
  /// - Precondition: there is one.
  public init(_ quantizers: [AffineQuantizer]) {
    precondition(!quantizers.isEmpty, "no quantizers")
    self.quantizers = quantizers
    scales = quantizers.map { Float($0.scale) }
    zeroPoints = quantizers.map { Float($0.zeroPoint) }
    greatest = quantizers.map { Float($0.greatestCode) }
  }

  /// The mean of the channels' bits.
  public var meanBitWidth: Double {
    Double(quantizers.reduce(0) { $0 + $1.bitWidth }) / Double(quantizers.count)
  }

  /// The quantizer's value for one element.
  public func fakeQuantize(_ value: Float, channel: Int) -> Float {
    let index = quantizers.count == 1 ? 0 : channel
    return Self.round(value, scales[index], zeroPoints[index], greatest[index])
  }

  /// Rounds whole pixels.
  ///
  /// - Shape: `values` is pixels x channels; `output` holds as many elements and may be `values`.
  /// - Precondition: as many quantizers as channels, or one.
  public func fakeQuantize(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    if quantizers.count == 1 {
      let (scale, zeroPoint, greatest) = (scales[0], zeroPoints[0], greatest[0])
      for index in 0..<values.count { output[index] = Self.round(values[index], scale, zeroPoint, greatest) }
      return
    }
    precondition(quantizers.count == channels, "\(quantizers.count) quantizers for \(channels) channels")
    scales.withUnsafeBufferPointer { scales in
      zeroPoints.withUnsafeBufferPointer { zeroPoints in
        greatest.withUnsafeBufferPointer { greatest in
          for pixel in stride(from: 0, to: values.count, by: channels) {
            for channel in 0..<channels {
              output[pixel + channel] = Self.round(
                values[pixel + channel],
                scales[channel],
                zeroPoints[channel],
                greatest[channel]
              )
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private static func round(_ value: Float, _ scale: Float, _ zeroPoint: Float, _ greatest: Float) -> Float {
    let position = value / scale + zeroPoint
    // Comparisons in this direction keep NaN.
    let raised = position < 0 ? 0 : position
    let clipped = raised > greatest ? greatest : raised
    let code = (clipped + rounder) - rounder
    // Without bits there is no step: every value becomes 0.
    return greatest == 0 ? code * 0 : (code - zeroPoint) * scale
  }
}
