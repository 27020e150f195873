import ArgumentParser
import Binade
import Foundation

/// Decodes the codes and scales of a block format: blocks lie along the last axis, a raw file is one row.
struct BlockDecoding {
  let codec: BlockCodec
  let codes: String
  let scales: String
  let outerScales: String?
  let output: String
  /// The elements that are decoded at most.
  let limit: Int?

  private var format: BlockFormat { codec.format }

  func run() throws {
    let elements = try CodeReader(codes, format: format.element, limit: limit)
    let rowLength = max(1, elements.shape?.last ?? elements.count ?? .max)
    let scaleCodes = try CodeReader(scales, format: try Self.scaleFormat(format))
    let outer = try outerValues(rowCount: elements.count.map { $0 / rowLength })
    let writer = try ArrayWriter(
      output,
      apartFrom: [codes, scales] + (outerScales.map { [$0] } ?? []),
      type: .float32,
      shape: elements.shape
    )
    let bar = ProgressBar(total: elements.count, label: "decoding")
    defer { bar.finish() }
    // Whole blocks of one row at a time.
    let pieceLength = max(1, conversionChunk / format.blockLength) * format.blockLength
    var (row, column) = (0, 0)
    while case let piece = try elements.next(min(pieceLength, rowLength - column)), !piece.isEmpty {
      let blockCount = (piece.count + format.blockLength - 1) / format.blockLength
      let found = try scaleCodes.next(blockCount)
      guard found.count == blockCount else { throw tooFewScales(row: row) }
      let blocks = BlockRow(
        codes: piece,
        scaleCodes: found,
        outerScale: outer.count == 1 ? outer[0] : outer[row]
      )
      try codec.decode(blocks).withUnsafeBytes { try writer.append($0) }
      column += piece.count
      if column == rowLength { (row, column) = (row + 1, 0) }
      bar.advance(piece.count)
    }
    if limit == nil, try !scaleCodes.next(1).isEmpty {
      throw ArrayFileError.malformed(
        path: scales,
        reason: "more scales than '\(codes)' has blocks of \(format.blockLength) elements; "
          + "each row begins a new block"
      )
    }
    try writer.finish()
  }

  private func tooFewScales(row: Int) -> ArrayFileError {
    .malformed(
      path: scales,
      reason: "ends within row \(row) of '\(codes)': one scale is needed for every \(format.blockLength) "
        + "elements of a row"
    )
  }

  /// The format that scales are codes of.
  private static func scaleFormat(_ format: BlockFormat) throws -> any NumericFormat {
    switch format.scale {
    case .number(let scale, _): scale
    case .powerOfTwo: try FormatCatalog().format(named: BlockScale.powerOfTwoName)
    }
  }

  /// The float32 scales above those of blocks: one, or one for each row.
  private func outerValues(rowCount: Int?) throws -> [Float] {
    guard let outerScales else { return [1] }
    let reader = try ArrayReader(outerScales, types: [.float32], limit: (rowCount ?? 1) + 1)
    var values: [Float] = []
    while let data = try reader.next(conversionChunk) { values += ArrayReader.floats(data, as: Float.self) }
    let needed = format.scale.outer == .tensor ? 1 : rowCount ?? 1
    guard values.count == needed else {
      let found = values.count > needed ? "more than \(needed)" : "\(values.count)"
      let owner = format.scale.outer == .tensor ? "one for the tensor" : "one for each row"
      throw ArrayFileError.malformed(
        path: outerScales,
        reason: "\(found) scales; '\(format.name)' needs \(needed): \(owner)"
      )
    }
    return values
  }
}
