import CBinadeKernels

/// What the elements of a tensor are divided by before they are encoded, and multiplied by when decoded.
///
/// - Shape: row-major elements; a scale covers a run of neighbours.
public struct BulkScales: Sendable, Hashable {
  /// The scales, in the order of the elements they cover.
  public let values: [Float]
  /// Elements of a row, along the last axis; nil where each scale covers the same part of the whole.
  public let rowLength: Int?
  /// Elements that share a scale, within a row; the last run of a row may be shorter.
  public let blockLength: Int?
  /// Where each element has the scale of its channel; nil where runs of neighbours share one.
  private let pixels: Pixels?

  /// Channels innermost.
  private struct Pixels: Hashable, Sendable {
    /// What quotients are kept within; empty for no limits.
    let least: [Float]
    let greatest: [Float]
    /// The channel of the first element.
    var first: Int
  }

  /// No scale.
  public static let one = BulkScales.tensor(1)

  /// One scale for all elements.
  public static func tensor(_ scale: Float) -> BulkScales {
    BulkScales([scale], rowLength: nil, blockLength: nil)
  }

  /// One scale for each index of the outer dimension.
  ///
  /// - Precondition: there is a scale, and the element count is a multiple of their number.
  public static func channels(_ scales: [Float]) -> BulkScales {
    BulkScales(scales, rowLength: nil, blockLength: nil)
  }

  /// One scale for each block of `length` along the last axis of `rowLength` elements.
  ///
  /// - Precondition: both lengths are positive, and there is a scale for each block.
  public static func blocks(_ scales: [Float], length: Int, rowLength: Int) -> BulkScales {
    precondition(length > 0 && rowLength > 0, "blocks of \(length) in rows of \(rowLength)")
    return BulkScales(scales, rowLength: rowLength, blockLength: min(length, rowLength))
  }

  /// One scale for each channel, channels innermost, as feature maps have them.
  ///
  /// `least`, `greatest`: what the quotient of each channel is kept within; NaN stays.
  ///
  /// - Precondition: there is a scale, and limits for each or none.
  public static func innermost(_ scales: [Float], least: [Float] = [], greatest: [Float] = []) -> BulkScales {
    precondition(
      least.count == greatest.count && (least.isEmpty || least.count == scales.count),
      "limits for \(least.count) and \(greatest.count) of \(scales.count) channels"
    )
    return BulkScales(
      scales,
      rowLength: nil,
      blockLength: nil,
      pixels: Pixels(least: least, greatest: greatest, first: 0)
    )
  }

  /// The scales of the elements from one on; of scales that each cover the same part of the whole, these.
  ///
  /// - Precondition: no scales of blocks.
  func from(element: Int) -> BulkScales {
    guard var pixels else {
      precondition(blockLength == nil, "blocks may not be entered in the middle")
      return self
    }
    pixels.first = (pixels.first + element) % values.count
    return BulkScales(unchecked: values, pixels: pixels)
  }

  private init(unchecked values: [Float], pixels: Pixels) {
    self.values = values
    rowLength = nil
    blockLength = nil
    self.pixels = pixels
  }

  private init(_ values: [Float], rowLength: Int?, blockLength: Int?, pixels: Pixels? = nil) {
    precondition(!values.isEmpty || rowLength != nil, "no scales")
    if let wrong = values.first(where: { !($0.isNormal && $0 > 0) }) {
      preconditionFailure("a scale is \(wrong); scales are positive normal numbers")
    }
    self.values = values
    self.rowLength = rowLength
    self.blockLength = blockLength
    self.pixels = pixels
  }

  /// Stops with a message where the scales do not fit a tensor of so many elements.
  func check(elementCount count: Int) {
    guard pixels == nil else { return }
    guard let rowLength, let blockLength else {
      precondition(
        count.isMultiple(of: values.count),
        "\(values.count) scales for \(count) elements: no multiple"
      )
      return
    }
    let blocksPerRow = (rowLength + blockLength - 1) / blockLength
    precondition(
      count.isMultiple(of: rowLength) && count / rowLength * blocksPerRow == values.count,
      "\(values.count) scales for \(count) elements in rows of \(rowLength) with \(blocksPerRow) blocks each"
    )
  }

  /// Calls `body` with parts of `range` whose blocks follow each other, and their scales.
  @inline(__always)
  func forEachSpan(of range: Range<Int>, in count: Int, _ body: (Range<Int>, binade_scaling) -> Void) {
    if let pixels {
      forEachSpan(of: range, pixels, body)
      return
    }
    let rowLength = rowLength ?? max(1, count / values.count)
    let blockLength = blockLength ?? rowLength
    let blocksPerRow = (rowLength + blockLength - 1) / blockLength
    // Without short blocks at the ends of rows, rows do not matter.
    let hasShortBlocks = !rowLength.isMultiple(of: blockLength)
    values.withUnsafeBufferPointer { scales in
      var start = range.lowerBound
      while start < range.upperBound {
        let (row, column) = start.quotientAndRemainder(dividingBy: rowLength)
        let end = hasShortBlocks ? min(range.upperBound, start + rowLength - column) : range.upperBound
        let first = row * blocksPerRow + column / blockLength
        let scaling = binade_scaling(
          scales: scales.baseAddress.map { $0 + first },
          block_length: blockLength,
          place: column % blockLength,
          channels: 0,
          least: nil,
          greatest: nil,
          factor: 0
        )
        body(start..<end, scaling)
        start = end
      }
    }
  }

  @inline(__always)
  private func forEachSpan(
    of range: Range<Int>,
    _ pixels: Pixels,
    _ body: (Range<Int>, binade_scaling) -> Void
  ) {
    values.withUnsafeBufferPointer { scales in
      pixels.least.withUnsafeBufferPointer { least in
        pixels.greatest.withUnsafeBufferPointer { greatest in
          let scaling = binade_scaling(
            scales: scales.baseAddress,
            block_length: 0,
            place: (pixels.first + range.lowerBound) % scales.count,
            channels: scales.count,
            least: least.isEmpty ? nil : least.baseAddress,
            greatest: greatest.isEmpty ? nil : greatest.baseAddress,
            factor: 0
          )
          body(range, scaling)
        }
      }
    }
  }
}
