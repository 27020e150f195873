/// Something that panels of B can be filled from: a matrix, a matrix of codes, or the weights of a convolution.
protocol ColumnSource<Operand> {
  associatedtype Operand

  /// The operands of one step of depth for `columns`, where they lie or copied to `scratch`.
  ///
  /// - Shape: `scratch` holds `columns.count` elements.
  func row(
    tap: Int,
    channel: Int,
    columns: Range<Int>,
    scratch: UnsafeMutablePointer<Operand>
  ) -> UnsafePointer<Operand>
}

/// The right operand cut into panels of a tile's width, each contiguous over a block of depth.
///
/// The last panel is half as wide where that suffices and the kernel takes it. Packed once, used often.
final class PackedColumns<Kernel: MicroKernel>: @unchecked Sendable {
  // Safe to share: written by the initializer only, read-only afterwards.

  /// Columns of B.
  let columnCount: Int
  /// Columns with those added to fill the last panel.
  let paddedColumnCount: Int
  let blocks: [DepthBlock]
  let panelCount: Int
  /// What sums begin with, per padded column; nil for 0.
  let start: [Kernel.Sum]?
  private let tileColumns: Int
  private let panels: UnsafeMutablePointer<Kernel.ColumnOperand>
  private let elementCount: Int

  /// Packs `source`.
  ///
  /// - Complexity: one pass; panels are shared out among `threads`.
  init<Source: ColumnSource<Kernel.ColumnOperand>>(
    _ source: Source,
    layout: DepthLayout,
    columnCount: Int,
    kernel: Kernel,
    start: [Kernel.Sum]? = nil,
    threads: Int = 1
  ) {
    let width = kernel.tile.columns
    let remainder = columnCount % width
    let isHalf = Kernel.halvesPanels && remainder <= width / 2
    let last = remainder == 0 ? 0 : isHalf ? width / 2 : width
    let paddedColumnCount = columnCount - remainder + last
    let blocks = layout.blocks(
      limit: kernel.depthBlock,
      group: Kernel.depthGroup,
      elementSize: MemoryLayout<Kernel.RowOperand>.size
    )
    let depth = blocks.last.map { $0.start + $0.taps.count * $0.groupCount * Kernel.depthGroup } ?? 0
    self.columnCount = columnCount
    self.paddedColumnCount = paddedColumnCount
    self.blocks = blocks
    tileColumns = width
    panelCount = (paddedColumnCount + width - 1) / width
    elementCount = depth * paddedColumnCount
    self.start = start.map { $0 + Array(repeating: 0, count: paddedColumnCount - columnCount) }
    // Panels start at cache lines: 64 bytes hold a whole number of groups of every kernel.
    let storage = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, elementCount) * MemoryLayout<Kernel.ColumnOperand>.size,
      alignment: 64
    )
    panels = storage.bindMemory(to: Kernel.ColumnOperand.self, capacity: max(1, elementCount))
    // Some panels side by side: the rows of a matrix are read in longer runs.
    let run = 8
    ParallelLoop.run(count: (panelCount + run - 1) / run, threads: threads) { index in
      let range = index * run..<min((index + 1) * run, panelCount)
      for block in blocks { pack(source, panels: range, block: block) }
    }
  }

  deinit {
    UnsafeMutableRawPointer(panels).deallocate()
  }

  /// Columns of a panel: the tile's width or half of it.
  func width(ofPanel index: Int) -> Int {
    min(tileColumns, paddedColumnCount - index * tileColumns)
  }

  /// The first element of a panel in a block of depth.
  func panel(_ index: Int, of block: DepthBlock) -> UnsafeMutablePointer<Kernel.ColumnOperand> {
    let depth = block.taps.count * block.groupCount * Kernel.depthGroup
    return panels + block.start * paddedColumnCount + index * tileColumns * depth
  }

  /// A panel that is being filled.
  private struct Cursor {
    var target: UnsafeMutablePointer<Kernel.ColumnOperand>
    let columns: Range<Int>
    let width: Int
  }

  private func pack<Source: ColumnSource<Kernel.ColumnOperand>>(
    _ source: Source,
    panels range: Range<Int>,
    block: DepthBlock
  ) {
    withUnsafeTemporaryAllocation(of: Kernel.ColumnOperand.self, capacity: tileColumns) { scratch in
      withUnsafeTemporaryAllocation(of: Cursor.self, capacity: range.count) { cursors in
        guard let scratch = scratch.baseAddress else { return }
        for (index, number) in range.enumerated() {
          let (width, first) = (width(ofPanel: number), number * tileColumns)
          cursors.initializeElement(
            at: index,
            to: Cursor(
              target: panel(number, of: block),
              columns: first..<min(first + width, columnCount),
              width: width
            )
          )
        }
        fill(cursors, from: source, block, scratch)
      }
    }
  }

  /// Fills some panels side by side, one group of steps at a time.
  @inline(__always)
  private func fill<Source: ColumnSource<Kernel.ColumnOperand>>(
    _ cursors: UnsafeMutableBufferPointer<Cursor>,
    from source: Source,
    _ block: DepthBlock,
    _ scratch: UnsafeMutablePointer<Kernel.ColumnOperand>
  ) {
    let group = Kernel.depthGroup
    let last = block.channels.upperBound
    for tap in block.taps {
      for start in stride(from: block.channels.lowerBound, to: last, by: group) {
        for index in 0..<cursors.count {
          let (target, columns, width) = (cursors[index].target, cursors[index].columns, cursors[index].width)
          cursors[index].target = target + width * group
          for member in 0..<group {
            guard start + member < last else {
              for j in 0..<width { target[j * group + Kernel.place(ofMember: member)] = 0 }
              continue
            }
            let row = source.row(tap: tap, channel: start + member, columns: columns, scratch: scratch)
            if group == 1 {
              copy(row, columns.count, to: target)
            } else {
              let place = Kernel.place(ofMember: member)
              for j in 0..<columns.count { target[j * group + place] = row[j] }
            }
            for j in columns.count..<width { target[j * group + Kernel.place(ofMember: member)] = 0 }
          }
        }
      }
    }
  }

  /// Copies a row of a panel; whole ones without a call.
  @inline(__always)
  private func copy(
    _ row: UnsafePointer<Kernel.ColumnOperand>,
    _ count: Int,
    to target: UnsafeMutablePointer<Kernel.ColumnOperand>
  ) {
    guard MemoryLayout<Kernel.ColumnOperand>.size == 4, count % 16 == 0 else {
      target.update(from: row, count: count)
      return
    }
    let (source, destination) = (UnsafeRawPointer(row), UnsafeMutableRawPointer(target))
    for offset in stride(from: 0, to: 4 * count, by: 64) {
      let vector = source.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt32>.self)
      destination.storeBytes(of: vector, toByteOffset: offset, as: SIMD16<UInt32>.self)
    }
  }
}

/// A row-major matrix as the right operand.
struct MatrixColumns<Operand>: ColumnSource {
  private let elements: UnsafeBufferPointer<Operand>
  private let rowStride: Int

  /// Views a matrix of `rowStride` columns; the memory must outlive the source.
  init(_ elements: UnsafeBufferPointer<Operand>, rowStride: Int) {
    self.elements = elements
    self.rowStride = rowStride
  }

  @inline(__always)
  func row(
    tap: Int,
    channel: Int,
    columns: Range<Int>,
    scratch: UnsafeMutablePointer<Operand>
  ) -> UnsafePointer<Operand> {
    guard let base = elements.baseAddress else { return UnsafePointer(scratch) }
    return base + (channel * rowStride + columns.lowerBound)
  }
}
