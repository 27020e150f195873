/// Channels, rows and columns of an image or feature map.
public struct ImageShape: Sendable, Hashable, CustomStringConvertible {
  /// Feature planes.
  public var channels: Int
  /// Rows, in pixels.
  public var height: Int
  /// Columns, in pixels.
  public var width: Int

  /// Creates a shape.
  public init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// Elements.
  public var count: Int { channels * height * width }

  /// The extents joined by ×, channels first.
  public var description: String { "\(channels)×\(height)×\(width)" }
}
