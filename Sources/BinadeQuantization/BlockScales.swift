import BinadeKernels
import BinadeNumerics

/// The scales of a quantizer whose elements lie in blocks: found for each block as it is rounded.
///
/// Blocks lie along the reduction axis: the input channels of one pixel, or the input channels of one kernel position of one
/// output channel. Every pixel and every kernel position begins a new block; the last one may be short.
public struct BlockScales: Sendable {
  /// Rounds a row of blocks.
  public let codec: BlockCodec
  /// The scale above those of the blocks: one, or one for each output channel of weights.
  public let outerScales: [Float]
  private let bulk: BulkBlockCodec?

  /// Finds the scales above those of blocks.
  ///
  /// `samples`: one per channel, of which the outer scales are made.
  /// `hasOuterScalePerChannel`: where a row of the format is a channel, as of weights.
  init(_ codec: BlockCodec, samples: [TensorSample], hasOuterScalePerChannel: Bool) {
    let greatest = samples.map(\.greatestMagnitude)
    let outerScales: [Float] =
      switch codec.format.scale.outer {
      case .none: [1]
      case .row where hasOuterScalePerChannel: greatest.map { codec.outerScale(greatestMagnitude: $0) }
      case .row, .tensor: [codec.outerScale(greatestMagnitude: greatest.max() ?? 0)]
      }
    self.init(codec, outerScales: outerScales)
  }

  /// Scales above those of blocks that something else has found: one, or one for each output channel of weights.
  init(_ codec: BlockCodec, outerScales: [Float]) {
    precondition(!outerScales.isEmpty, "no scales")
    (self.codec, self.outerScales) = (codec, outerScales)
    bulk = outerScales.count == 1 ? BulkBlockCodec(codec, outerScale: outerScales[0]) : nil
  }

  /// Bits of the scales above those of the blocks.
  public var outerBitCount: Int { codec.format.scale.outer == .none ? 0 : 32 * outerScales.count }

  /// Rounds rows to the values of the format.
  ///
  /// `channel`: whose outer scale holds.
  ///
  /// - Shape: `input` is rows of `rowLength` elements; `output` holds as many and may be `input`.
  public func fakeQuantize(
    _ input: UnsafeBufferPointer<Float>,
    rowLength: Int,
    channel: Int = 0,
    into output: UnsafeMutablePointer<Float>
  ) {
    if let bulk {
      bulk.roundTrip(input, rowLength: rowLength, into: output)
      return
    }
    for start in stride(from: 0, to: input.count, by: rowLength) {
      codec.roundTrip(
        UnsafeBufferPointer(rebasing: input[start..<start + rowLength]),
        into: output + start,
        outerScale: outerScales[channel]
      )
    }
  }

  /// Encodes rows: the code of every element, and the scale of its block.
  ///
  /// `channel`: whose outer scale holds.
  ///
  /// - Precondition: `input` is rows of `rowLength` elements.
  public func encode(_ input: [Float], rowLength: Int, channel: Int = 0) -> (
    codes: [UInt32], scales: [Double]
  ) {
    let outer = outerScales[outerScales.count == 1 ? 0 : channel]
    var codes: [UInt32] = []
    var scales: [Double] = []
    for start in stride(from: 0, to: input.count, by: rowLength) {
      let row = codec.encode(Array(input[start..<start + rowLength]), outerScale: outer)
      codes += row.codes
      for place in 0..<rowLength {
        scales.append(codec.scale(of: row.scaleCodes[place / codec.format.blockLength], outerScale: outer))
      }
    }
    return (codes, scales)
  }

  /// Calls `body` with every block and its least and greatest value.
  func forEachBlock(
    of input: UnsafeBufferPointer<Float>,
    rowLength: Int,
    channel: Int = 0,
    _ body: (Range<Int>, _ least: Float, _ greatest: Float) -> Void
  ) {
    let outer = outerScales[outerScales.count == 1 ? 0 : channel]
    let limits = codec.format.elementLimits
    for row in stride(from: 0, to: input.count, by: rowLength) {
      for start in stride(from: row, to: row + rowLength, by: codec.format.blockLength) {
        let block = start..<min(start + codec.format.blockLength, row + rowLength)
        let code = codec.scaleCode(of: UnsafeBufferPointer(rebasing: input[block]), outerScale: outer)
        let scale = codec.scale(of: code, outerScale: outer)
        body(block, Float(limits.lowerBound * scale), Float(limits.upperBound * scale))
      }
    }
  }
}
