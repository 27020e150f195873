import BinadeNumerics
import CBinadeKernels

/// Conversion of whole tensors to the values and codes of a block format, under one outer scale.
///
/// Elements of up to 4 bits become what a table of steps says, one for each code of the scale; wider ones under a power of
/// two go through ``BulkCodec``, whose quotients are exact then; the rest goes through the codec block by block.
///
/// - Error: none beyond the roundings of `BlockCodec`: all paths give its bits, for every input.
/// - Complexity: O(n) without a search. Results do not depend on the number of threads or the instruction set.
public struct BulkBlockCodec: Sendable {
  private enum Engine: Sendable {
    case levels(BlockLevels)
    /// Elements under scales that are powers of two and normal numbers.
    case scaled(BulkCodec)
    case blocks
  }

  /// The reference: the conversion of one row.
  public let codec: BlockCodec
  /// The scale above those of the blocks; 1 where the format has none.
  public let outerScale: Float
  private let engine: Engine
  private let steps: BlockScaleSteps
  private let kernel: BlockRowKernel

  /// Elements that a thread converts at a time, about.
  private static let pieceLength = 1 << 14

  /// Finds the fastest path for `codec` among the instruction sets in `features`.
  ///
  /// - Complexity: a few milliseconds for the tables of elements of up to 4 bits.
  public init(_ codec: BlockCodec, outerScale: Float = 1, features: CPUFeatures = .detected) {
    self.init(codec, outerScale: outerScale, kernel: BlockRowKernel.select(features), features: features)
  }

  package init(
    _ codec: BlockCodec,
    outerScale: Float = 1,
    kernel: BlockRowKernel,
    features: CPUFeatures = .detected
  ) {
    self.codec = codec
    self.outerScale = outerScale
    self.kernel = kernel
    steps = BlockScaleSteps(codec, outerScale: outerScale)
    let policy = ConversionPolicy(rounding: codec.rounding, overflow: .saturate)
    if let levels = BlockLevels(codec, outerScale: outerScale) {
      engine = .levels(levels)
    } else if codec.format.scale.rule != nil, [.nearestEven, .nearestAway].contains(codec.rounding),
      codec.format.element.bitWidth <= 16,
      let elements = try? FormatCodec(codec.format.element, policy: policy)
    {
      engine = .scaled(BulkCodec(elements, features: features))
    } else {
      engine = .blocks
    }
  }

  /// Which path was found, for reports.
  public var path: String {
    switch engine {
    case .levels: "steps of each scale, \(kernel.name)"
    case .scaled(let elements): "exact quotients, \(elements.path)"
    case .blocks: "block by block"
    }
  }

  /// Rounds rows to the values of the format; every row begins a new block.
  ///
  /// - Shape: `input` is rows of `rowLength` elements; `output` holds as many and may be `input`.
  /// - Precondition: `input.count` is a multiple of `rowLength`.
  public func roundTrip(
    _ input: UnsafeBufferPointer<Float>,
    rowLength: Int,
    threads: Int = 1,
    into output: UnsafeMutablePointer<Float>
  ) {
    guard !input.isEmpty else { return }
    precondition(
      rowLength > 0 && input.count.isMultiple(of: rowLength),
      "\(input.count) elements are no rows of \(rowLength)"
    )
    let rowCount = input.count / rowLength
    let rowsPerPiece = max(1, Self.pieceLength / rowLength)
    ParallelLoop.run(count: (rowCount + rowsPerPiece - 1) / rowsPerPiece, threads: threads) { piece in
      let first = piece * rowsPerPiece
      let last = min(first + rowsPerPiece, rowCount)
      let part = UnsafeBufferPointer(rebasing: input[first * rowLength..<last * rowLength])
      round(part, rowLength, output + first * rowLength)
    }
  }

  /// Encodes rows; every row begins a new block.
  ///
  /// - Shape: `input` is rows of `rowLength` elements; `codes` holds as many, `scales` one for every block.
  /// - Precondition: elements have at most 8 bits; `input.count` is a multiple of `rowLength`.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    rowLength: Int,
    codes: UnsafeMutablePointer<UInt8>,
    scales: UnsafeMutablePointer<UInt16>
  ) {
    guard !input.isEmpty else { return }
    precondition(codec.format.element.bitWidth <= 8, "codes of '\(codec.format.name)' do not fit bytes")
    precondition(
      rowLength > 0 && input.count.isMultiple(of: rowLength),
      "\(input.count) elements are no rows of \(rowLength)"
    )
    let rows = binade_block_rows(
      row_count: input.count / rowLength,
      row_length: rowLength,
      block_length: codec.format.blockLength
    )
    if case .levels(let levels) = engine {
      levels.table.withUnsafeBufferPointer { table in
        withScaleCodes(of: input, rows, table) { found in
          kernel.encode(input.baseAddress, rows, found.baseAddress, table.baseAddress, codes)
          if let base = found.baseAddress { scales.update(from: base, count: found.count) }
        }
      }
      return
    }
    for row in 0..<rows.row_count {
      let part = UnsafeBufferPointer(rebasing: input[row * rowLength..<(row + 1) * rowLength])
      let encoded = codec.encode(Array(part), outerScale: outerScale)
      for (place, code) in encoded.codes.enumerated() {
        codes[row * rowLength + place] = UInt8(truncatingIfNeeded: code)
      }
      for (place, code) in encoded.scaleCodes.enumerated() {
        scales[row * blockCount(rowLength) + place] = UInt16(truncatingIfNeeded: code)
      }
    }
  }

  /// Blocks of a row; the last one may be short.
  package func blockCount(_ rowLength: Int) -> Int {
    (rowLength + codec.format.blockLength - 1) / codec.format.blockLength
  }

  private func round(
    _ input: UnsafeBufferPointer<Float>,
    _ rowLength: Int,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let rows = binade_block_rows(
      row_count: input.count / rowLength,
      row_length: rowLength,
      block_length: codec.format.blockLength
    )
    switch engine {
    case .levels(let levels):
      levels.table.withUnsafeBufferPointer { table in
        withScaleCodes(of: input, rows, table) { codes in
          let round = levels.isMirrored ? kernel.mirror : kernel.round
          round(input.baseAddress, rows, codes.baseAddress, table.baseAddress, output)
        }
      }
    case .scaled(let elements):
      withScaleCodes(of: input, rows, nil) { round(input, rows, $0, elements, output) }
    case .blocks:
      for start in stride(from: 0, to: input.count, by: rowLength) {
        codec.roundTrip(
          UnsafeBufferPointer(rebasing: input[start..<start + rowLength]),
          into: output + start,
          outerScale: outerScale
        )
      }
    }
  }

  /// Calls `body` with the code of the scale of every block.
  private func withScaleCodes(
    of input: UnsafeBufferPointer<Float>,
    _ rows: binade_block_rows,
    _ table: UnsafeBufferPointer<binade_block_levels>?,
    _ body: (UnsafeBufferPointer<UInt16>) -> Void
  ) {
    let count = rows.row_count * blockCount(rows.row_length)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { magnitudes in
      withUnsafeTemporaryAllocation(of: UInt16.self, capacity: count) { codes in
        kernel.magnitudes(input.baseAddress, rows, magnitudes.baseAddress)
        if codec.search == .none {
          steps.withCodes { code in
            for index in 0..<count { codes[index] = code(magnitudes[index]) }
          }
        } else {
          forEachBlock(of: input, rows) { index, block in
            codes[index] = searchedCode(block, magnitudes[index], table)
          }
        }
        body(UnsafeBufferPointer(codes))
      }
    }
  }

  private static func greatest(_ magnitude: UInt32) -> Float {
    magnitude >= 0x7F80_0000 ? .nan : Float(bitPattern: magnitude)
  }

  private func searchedCode(
    _ block: UnsafeBufferPointer<Float>,
    _ magnitude: UInt32,
    _ table: UnsafeBufferPointer<binade_block_levels>?
  ) -> UInt16 {
    guard let table else {
      return UInt16(truncatingIfNeeded: codec.scaleCode(of: block, outerScale: outerScale))
    }
    let rows = binade_block_rows(row_count: 1, row_length: block.count, block_length: block.count)
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: block.count) { rounded in
      let code = codec.scaleCode(
        greatestMagnitude: Self.greatest(magnitude),
        outerScale: outerScale,
        block: block
      ) { code, _ in
        var code = UInt16(truncatingIfNeeded: code)
        kernel.round(block.baseAddress, rows, &code, table.baseAddress, rounded.baseAddress)
        var sum = 0.0
        for index in 0..<block.count {
          let error = Double(block[index]) - Double(rounded[index])
          sum += error * error
        }
        return sum
      }
      return UInt16(truncatingIfNeeded: code)
    }
  }

  /// Rounds elements under powers of two; blocks of other scales go through the codec.
  private func round(
    _ input: UnsafeBufferPointer<Float>,
    _ rows: binade_block_rows,
    _ codes: UnsafeBufferPointer<UInt16>,
    _ elements: BulkCodec,
    _ output: UnsafeMutablePointer<Float>
  ) {
    var exceptions: [(Int, [Float])] = []
    forEachBlock(of: input, rows) { index, block in
      // A subnormal scale, 2^-127, and NaN: kept aside, as the output may be the input.
      guard !(1...254).contains(codes[index]), block.contains(where: { $0 != 0 }) else { return }
      let scale = codec.scale(of: UInt32(codes[index]), outerScale: outerScale)
      let start = block.baseAddress.map { $0 - (input.baseAddress ?? $0) } ?? 0
      exceptions.append(
        (start, block.map { codec.value(of: codec.code(of: $0, scale: scale), scale: scale) })
      )
    }
    let scales = codes.map { (1...254).contains($0) ? Float(bitPattern: UInt32($0) << 23) : 1 }
    elements.fakeQuantize(
      input,
      scales: .blocks(scales, length: rows.block_length, rowLength: rows.row_length),
      into: output
    )
    for (start, values) in exceptions {
      for (index, value) in values.enumerated() { output[start + index] = value }
    }
  }

  /// Calls `body` with the number of every block and its elements.
  @inline(__always)
  private func forEachBlock(
    of input: UnsafeBufferPointer<Float>,
    _ rows: binade_block_rows,
    _ body: (Int, UnsafeBufferPointer<Float>) -> Void
  ) {
    var index = 0
    for row in stride(from: 0, to: input.count, by: rows.row_length) {
      for start in stride(from: 0, to: rows.row_length, by: rows.block_length) {
        let end = min(start + rows.block_length, rows.row_length)
        body(index, UnsafeBufferPointer(rebasing: input[row + start..<row + end]))
        index += 1
      }
    }
  }
}
