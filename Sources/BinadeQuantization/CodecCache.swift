import BinadeKernels
import BinadeNumerics
import Synchronization

/// Codecs compiled once: layers of a network share them.
public final class CodecCache: Sendable {
  private struct Key: Hashable {
    /// All parameters of the format, printed: names alone may repeat in files from outside.
    var format: String
    var shift: Double
    var policy: ConversionPolicy
  }

  private struct BlockKey: Hashable {
    var format: String
    var rounding: RoundingRule
    var search: BlockScaleSearch
  }

  private let codecs = Mutex<[Key: BulkCodec]>([:])
  private let blockCodecs = Mutex<[BlockKey: BlockCodec]>([:])

  /// Creates an empty cache.
  public init() {}

  /// The codec of `format`, its values less `shift`, compiled on first use.
  public func codec(
    for format: any NumericFormat,
    shift: Double = 0,
    policy: ConversionPolicy
  ) throws(FormatError) -> BulkCodec {
    let key = Key(format: String(reflecting: format), shift: shift, policy: policy)
    if let known = codecs.withLock({ $0[key] }) { return known }
    let codec: FormatCodec
    if shift == 0 {
      codec = try FormatCodec(format, policy: policy)
    } else {
      codec = try FormatCodec(ZeroPointFormat(format, shift: shift), policy: policy)
    }
    let bulk = BulkCodec(codec)
    codecs.withLock { $0[key] = bulk }
    return bulk
  }

  /// The codec of a block format, compiled on first use.
  public func codec(for format: BlockFormat, rounding: RoundingRule, search: BlockScaleSearch)
    throws(FormatError) -> BlockCodec
  {
    let key = BlockKey(format: String(reflecting: format), rounding: rounding, search: search)
    if let known = blockCodecs.withLock({ $0[key] }) { return known }
    let codec = try BlockCodec(format, rounding: rounding, search: search)
    blockCodecs.withLock { $0[key] = codec }
    return codec
  }
}
