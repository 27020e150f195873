import BinadeKernels

/// The input or the output of a layer for one image, as an observer sees it.
public struct ObservedInput {
  private let pixels: UnsafePointer<Float>
  /// The number of the image, as the session was told.
  public let image: Int
  /// Channels.
  public let channelCount: Int
  /// Pixels per channel.
  public let pixelCount: Int

  init(_ pixels: UnsafePointer<Float>, _ shape: ConvolutionShape, image: Int) {
    self.image = image
    self.pixels = pixels
    channelCount = shape.inputChannels
    pixelCount = shape.inputHeight * shape.inputWidth
  }

  init(_ pixels: UnsafePointer<Float>, _ shape: ImageShape, image: Int) {
    self.image = image
    self.pixels = pixels
    channelCount = shape.channels
    pixelCount = shape.height * shape.width
  }

  /// All elements, pixel by pixel, channels innermost.
  var elements: UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: pixels, count: channelCount * pixelCount)
  }

  /// All elements, channel by channel, each row by row: PyTorch's order.
  public var channelsFirst: [Float] { Self.channelsFirst(elements, channelCount: channelCount) }

  /// What `body` makes of the elements, pixel by pixel with channels innermost, in PyTorch's order.
  ///
  /// - Precondition: as many elements as before.
  public func mapped(_ body: (UnsafeBufferPointer<Float>) -> [Float]) -> [Float] {
    body(elements).withUnsafeBufferPointer { Self.channelsFirst($0, channelCount: channelCount) }
  }

  private static func channelsFirst(_ elements: UnsafeBufferPointer<Float>, channelCount: Int) -> [Float] {
    let pixelCount = elements.count / channelCount
    return (0..<channelCount).flatMap { channel in
      (0..<pixelCount).lazy.map { elements[$0 * channelCount + channel] }
    }
  }

  /// Calls `body` with each channel and its pixels, row by row.
  public func forEachChannel(_ body: (Int, UnsafeBufferPointer<Float>) -> Void) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: pixelCount) { plane in
      for channel in 0..<channelCount {
        for pixel in 0..<pixelCount { plane[pixel] = pixels[pixel * channelCount + channel] }
        body(channel, UnsafeBufferPointer(plane))
      }
    }
  }
}
