import ArgumentParser
import Binade
import Foundation

/// Rounds a file to the values of a block format: blocks lie along the last axis, a raw file is one row.
struct BlockQuantization {
  let codec: BlockCodec
  let input: String
  /// The elements that are read at most.
  let limit: Int?
  let files: QuantizedFileOptions

  private var format: BlockFormat { codec.format }

  /// Reads the file once, or twice when rows or the tensor have a scale of their own.
  func run() throws {
    let level = format.scale.outer
    try checkFiles()
    let rows = try RowReader(
      input,
      blockLength: format.blockLength,
      limit: limit,
      isReadTwice: level != .none
    )
    let outer = try outerScales(rows)
    let outputs = try Outputs(codec, files, input: input, rows: rows, outer: outer)
    let bar = ProgressBar(total: rows.count, label: "quantizing")
    defer { bar.finish() }
    while let piece = try rows.next() {
      try outputs.append(piece)
      bar.advance(piece.values.count)
    }
    try outputs.finish()
  }

  private func checkFiles() throws {
    if format.scale.outer == .none {
      guard files.outerScales == nil else {
        throw ValidationError("--outer-scales: '\(format.name)' has no scales above those of its blocks")
      }
    } else if files.scales != nil, files.outerScales == nil {
      throw ValidationError(
        "'\(format.name)' has float32 scales above those of its blocks, without which --scales mean nothing; keep them "
          + "with --outer-scales FILE"
      )
    }
  }

  /// The scales above those of the blocks.
  fileprivate enum OuterScales {
    case same(Float)
    case perRow([Float])

    func scale(ofRow row: Int) -> Float {
      switch self {
      case .same(let scale): scale
      case .perRow(let scales): scales[row]
      }
    }

    var all: [Float] {
      switch self {
      case .same(let scale): [scale]
      case .perRow(let scales): scales
      }
    }
  }

  private func outerScales(_ rows: RowReader) throws -> OuterScales {
    let level = format.scale.outer
    guard level != .none else { return .same(1) }
    let bar = ProgressBar(total: rows.count, label: "finding scales")
    defer { bar.finish() }
    var greatest: [Float] = []
    while let piece = try rows.next() {
      piece.values.withUnsafeBufferPointer { buffer in
        for (index, part) in piece.rows.enumerated() {
          let magnitude = codec.greatestMagnitude(of: UnsafeBufferPointer(rebasing: buffer[part]))
          let row = level == .tensor ? 0 : piece.firstRow + index
          if row < greatest.count {
            greatest[row] = Self.greater(greatest[row], magnitude)
          } else {
            greatest.append(magnitude)
          }
        }
      }
      bar.advance(piece.values.count)
    }
    try rows.rewind()
    let scales = greatest.map { codec.outerScale(greatestMagnitude: $0) }
    return level == .tensor ? .same(scales.first ?? 1) : .perRow(scales)
  }

  /// The greater one; NaN stays.
  private static func greater(_ a: Float, _ b: Float) -> Float {
    a.isNaN || b.isNaN ? .nan : max(a, b)
  }
}

extension BlockQuantization {
  /// The files that are wanted.
  private struct Outputs {
    let codec: BlockCodec
    let outer: OuterScales
    /// The codec of whole pieces, where all rows have one outer scale and codes are bytes.
    let bulk: BulkBlockCodec?
    let values: ArrayWriter?
    let codes: ArrayWriter?
    let scales: ArrayWriter?
    let outerScales: ArrayWriter?
    let codeType: ElementType
    let scaleType: ElementType
    let outerScaleCount: Int

    init(
      _ codec: BlockCodec,
      _ files: QuantizedFileOptions,
      input: String,
      rows: RowReader,
      outer: OuterScales
    ) throws {
      self.codec = codec
      self.outer = outer
      if case .same(let scale) = outer, codec.format.element.bitWidth <= 8 {
        bulk = BulkBlockCodec(codec, outerScale: scale)
      } else {
        bulk = nil
      }
      let format = codec.format
      codeType = .code(bitWidth: format.element.bitWidth)
      scaleType = .code(bitWidth: format.scale.bitWidth)
      let shape = rows.shape
      let outerShape = format.scale.outer == .tensor ? [] : shape.map { Array($0.dropLast()) } ?? []
      outerScaleCount = outerShape.reduce(1, *)
      let blocks = shape.map { shape -> [Int] in
        let length = shape.last ?? 1
        let blockCount = length / format.blockLength + (length % format.blockLength > 0 ? 1 : 0)
        return Array(shape.dropLast()) + [blockCount]
      }
      values = try files.writer(files.output, apartFrom: input, type: .float32, shape: shape)
      codes = try files.writer(files.codes, apartFrom: input, type: codeType, shape: shape)
      scales = try files.writer(files.scales, apartFrom: input, type: scaleType, shape: blocks)
      outerScales = try files.writer(
        files.outerScales,
        apartFrom: input,
        type: .float32,
        shape: outerShape
      )
    }

    func append(_ piece: RowReader.Piece) throws {
      if codes != nil || scales != nil {
        for (index, part) in piece.rows.enumerated() {
          let row = encoded(piece.values[part], row: piece.firstRow + index)
          try codes?.append(codes: row.codes, as: codeType)
          try scales?.append(codes: row.scaleCodes, as: scaleType)
        }
      }
      guard let writer = values else { return }
      var values = piece.values
      values.withUnsafeMutableBufferPointer { buffer in
        for (index, part) in piece.rows.enumerated() {
          let row = UnsafeMutableBufferPointer(rebasing: buffer[part])
          guard let base = row.baseAddress else { continue }
          if let bulk {
            bulk.roundTrip(UnsafeBufferPointer(row), rowLength: row.count, into: base)
          } else {
            let scale = outer.scale(ofRow: piece.firstRow + index)
            codec.roundTrip(UnsafeBufferPointer(row), into: base, outerScale: scale)
          }
        }
      }
      try values.withUnsafeBytes { try writer.append($0) }
    }

    private func encoded(_ values: ArraySlice<Float>, row: Int) -> BlockRow {
      guard let bulk, !values.isEmpty else {
        return codec.encode(Array(values), outerScale: outer.scale(ofRow: row))
      }
      var codes = [UInt8](repeating: 0, count: values.count)
      let blockCount = (values.count + codec.format.blockLength - 1) / codec.format.blockLength
      var scales = [UInt16](repeating: 0, count: blockCount)
      values.withUnsafeBufferPointer {
        bulk.encode($0, rowLength: values.count, codes: &codes, scales: &scales)
      }
      return BlockRow(
        codes: codes.map(UInt32.init),
        scaleCodes: scales.map(UInt32.init),
        outerScale: bulk.outerScale
      )
    }

    func finish() throws {
      // Rows without elements have had no say.
      let missing = max(0, outerScaleCount - outer.all.count)
      let scales = outer.all + repeatElement(codec.outerScale(greatestMagnitude: 0), count: missing)
      try scales.prefix(outerScaleCount).withUnsafeBytes { try outerScales?.append($0) }
      for writer in [values, codes, self.scales, outerScales] { try writer?.finish() }
    }
  }
}

/// A file in pieces that no block straddles: several rows, or a part of one.
final class RowReader {
  /// Some elements of the file.
  struct Piece {
    /// The row that the piece begins in.
    let firstRow: Int
    let values: [Float]
    /// The part of `values` that belongs to each row.
    let rows: [Range<Int>]
  }

  let shape: [Int]?
  let count: Int?
  private let reader: ArrayReader
  private let rowLength: Int
  private let pieceLength: Int
  private var position = 0

  /// Opens a file; `limit`: the elements that are read at most, whole rows where there are several.
  init(_ path: String, blockLength: Int, limit: Int?, isReadTwice: Bool) throws {
    reader = try ArrayReader(path, types: [.float32], limit: limit, isReadTwice: isReadTwice)
    count = reader.count
    // A stream of unknown length is one row.
    rowLength = max(1, reader.rowLength ?? .max)
    if let limit, limit == count, reader.shape == [limit], rowLength < limit {
      guard limit % rowLength == 0 else {
        throw ValidationError(
          "--limit \(limit): blocks lie in rows of \(rowLength) elements; give a multiple of that"
        )
      }
      shape = [limit / rowLength, rowLength]
    } else {
      shape = reader.shape
    }
    let unit = rowLength <= conversionChunk ? rowLength : blockLength
    pieceLength = max(1, conversionChunk / unit) * unit
  }

  /// The next piece; nil at the end.
  func next() throws -> Piece? {
    let rest = rowLength - position % rowLength
    guard let data = try reader.next(rowLength <= pieceLength ? pieceLength : min(rest, pieceLength))
    else { return nil }
    let values = ArrayReader.floats(data, as: Float.self)
    let firstRow = position / rowLength
    let rows = stride(from: 0, to: values.count, by: rowLength).map {
      $0..<min($0 + rowLength, values.count)
    }
    position += values.count
    return Piece(firstRow: firstRow, values: values, rows: rows)
  }

  /// Begins again with the first row.
  func rewind() throws {
    position = 0
    try reader.rewind()
  }
}
