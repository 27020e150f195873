/// The patches of a padded image as columns of the right operand: implicit GEMM, no patch matrix in memory.
///
/// Column j is the output pixel j in row-major order; step p of depth is (input channel, kernel row, kernel
/// column), the layout of PyTorch's weights.
struct PatchSource<Operand: PatchOperand>: ColumnSource {
  /// The image with its zero padding, channels outermost, followed by ``ConvolutionShape/readAhead`` elements.
  let image: UnsafePointer<Operand>
  let shape: ConvolutionShape

  /// Neighbouring columns whose pixels are neighbours in memory too, `stride` apart.
  private struct Run {
    var firstColumn: Int
    var count: Int
    var offset: Int
  }

  func pack(
    columns: Range<Int>,
    depth: Range<Int>,
    depthGroup: Int,
    into panel: UnsafeMutablePointer<Operand>
  ) {
    withUnsafeTemporaryAllocation(of: Run.self, capacity: Tile.columns) { runs in
      guard let runs = runs.baseAddress else { return }
      let runCount = findRuns(in: columns, into: runs)
      var taps = TapSequence(shape, from: depth.lowerBound)
      var target = panel
      for first in stride(from: 0, to: depth.count, by: depthGroup) {
        let row = image + taps.next()
        let second = depthGroup == 2 && first + 1 < depth.count ? image + taps.next() : nil
        for index in 0..<runCount {
          let run = runs[index]
          Operand.copyRun(
            row + run.offset,
            second.map { $0 + run.offset },
            stride: shape.stride,
            count: run.count,
            to: target + run.firstColumn * depthGroup
          )
        }
        for missing in columns.count * depthGroup..<Tile.columns * depthGroup { target[missing] = 0 }
        target += Tile.columns * depthGroup
      }
    }
  }

  /// Cuts the columns where the output row changes; returns the number of runs.
  private func findRuns(in columns: Range<Int>, into runs: UnsafeMutablePointer<Run>) -> Int {
    var count = 0
    var column = columns.lowerBound
    while column < columns.upperBound {
      let (y, x) = column.quotientAndRemainder(dividingBy: shape.outputWidth)
      let length = min(shape.outputWidth - x, columns.upperBound - column)
      (runs + count).initialize(
        to: Run(
          firstColumn: column - columns.lowerBound,
          count: length,
          offset: (y * shape.paddedWidth + x) * shape.stride
        )
      )
      count += 1
      column += length
    }
    return count
  }
}

/// Where the taps of a kernel lie in a padded image, in the order (channel, row, column).
private struct TapSequence {
  private let kernelHeight: Int
  private let kernelWidth: Int
  private let paddedWidth: Int
  private let planeSize: Int
  private var plane: Int
  private var row: Int
  private var column: Int

  init(_ shape: ConvolutionShape, from depth: Int) {
    kernelHeight = shape.kernelHeight
    kernelWidth = shape.kernelWidth
    paddedWidth = shape.paddedWidth
    planeSize = shape.paddedHeight * shape.paddedWidth
    let (channel, tap) = depth.quotientAndRemainder(dividingBy: kernelHeight * kernelWidth)
    plane = channel * planeSize
    row = tap / kernelWidth
    column = tap % kernelWidth
  }

  /// The offset of the next tap.
  mutating func next() -> Int {
    let offset = plane + row * paddedWidth + column
    column += 1
    if column == kernelWidth {
      column = 0
      row += 1
      if row == kernelHeight {
        row = 0
        plane += planeSize
      }
    }
    return offset
  }
}
