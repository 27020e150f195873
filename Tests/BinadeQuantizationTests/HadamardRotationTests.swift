import BinadeQuantization
import Testing

/// Rotations against the matrix of the definition.
@Suite struct HadamardRotationTests {
  /// Sylvester's matrix: the sign of entry (i, j) is the parity of the bits that i and j share.
  private static func definition(_ values: [Float], _ segments: [Range<Int>]) -> [Double] {
    segments.flatMap { segment in
      segment.indices.map { row in
        let sum = segment.reduce(0.0) { sum, place in
          let shared = (row - segment.lowerBound) & (place - segment.lowerBound)
          return sum + (shared.nonzeroBitCount % 2 == 0 ? 1 : -1) * Double(values[place])
        }
        return sum / Double(segment.count).squareRoot()
      }
    }
  }

  @Test("butterflies give the product with the matrix; rests are powers of two", arguments: [2, 16, 32])
  func definition(length: Int) {
    let rotation = HadamardRotation(length: length)
    for rowLength in [1, 2, 3, 16, 23, 32, 40, 64] {
      let segments = rotation.segments(rowLength: rowLength)
      #expect(segments.map(\.count).reduce(0, +) == rowLength)
      #expect(segments.allSatisfy { $0.count & ($0.count - 1) == 0 && $0.count <= length })
      #expect(zip(segments, segments.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
      let values = QuantileGrids.laplace(3 * rowLength).shuffledByStride
      let found = rotation.rotated(values, rowLength: rowLength)
      for row in 0..<3 {
        let part = Array(values[row * rowLength..<(row + 1) * rowLength])
        let expected = Self.definition(part, segments)
        for (place, value) in expected.enumerated() {
          #expect(abs(Double(found[row * rowLength + place]) - value) < 1e-5)
        }
      }
      // Twice is once for every symmetric orthogonal matrix.
      let back = rotation.rotated(found, rowLength: rowLength)
      #expect(zip(back, values).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }
}

extension [Float] {
  /// The elements in another order, the same every time.
  fileprivate var shuffledByStride: [Float] { indices.map { self[$0 * 7 % count] } }
}
