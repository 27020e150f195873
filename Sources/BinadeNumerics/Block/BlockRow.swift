/// A row in a block format: codes of elements and scales.
public struct BlockRow: Sendable, Hashable {
  /// One code per element.
  public var codes: [UInt32]
  /// One code per block, of powers of two e + 127.
  public var scaleCodes: [UInt32]
  /// The scale above those of the blocks; 1 where the format has none.
  public var outerScale: Float

  /// Creates a row.
  public init(codes: [UInt32], scaleCodes: [UInt32], outerScale: Float = 1) {
    self.codes = codes
    self.scaleCodes = scaleCodes
    self.outerScale = outerScale
  }
}
