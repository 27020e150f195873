/// Rotation of neighbouring channels by a Hadamard matrix: outliers are spread over the block that they stand in.
///
/// Rows are cut into segments of ``length`` elements, each of which is multiplied by H / √n, H being Sylvester's matrix of 1 and
/// -1. The rest of a row is cut into powers of two, the greatest first; a last single element stays. A rotation of both
/// operands leaves their products as they are, up to float32's rounding: butterflies of additions, then one product.
///
/// - Source: Ashkboos et al., QuaRot, NeurIPS 2024; for blocks Tseng et al., arXiv 2502.20586.
public struct HadamardRotation: Sendable, Hashable {
  /// Elements of a segment, a power of two.
  public let length: Int

  /// Creates a rotation.
  ///
  /// - Precondition: `length` is a power of two of at least 2.
  public init(length: Int) {
    precondition(length >= 2 && length & (length - 1) == 0, "segments of \(length): no power of two")
    self.length = length
  }

  /// Where the segments of a row lie.
  public func segments(rowLength: Int) -> [Range<Int>] {
    var segments: [Range<Int>] = []
    var start = 0
    var size = length
    while start < rowLength {
      while size > rowLength - start { size /= 2 }
      segments.append(start..<start + size)
      start += size
    }
    return segments
  }

  /// Rotates rows in place.
  ///
  /// - Shape: `values` is rows of `rowLength` elements.
  /// - Complexity: O(n log length).
  public func apply(_ values: UnsafeMutableBufferPointer<Float>, rowLength: Int) {
    guard !values.isEmpty, let base = values.baseAddress else { return }
    precondition(
      values.count.isMultiple(of: rowLength),
      "\(values.count) elements are no rows of \(rowLength)"
    )
    let segments = segments(rowLength: rowLength)
    for row in stride(from: 0, to: values.count, by: rowLength) {
      for segment in segments { Self.rotate(base + row + segment.lowerBound, count: segment.count) }
    }
  }

  /// The same for an array.
  public func rotated(_ values: [Float], rowLength: Int) -> [Float] {
    var result = values
    result.withUnsafeMutableBufferPointer { apply($0, rowLength: rowLength) }
    return result
  }

  private static func rotate(_ values: UnsafeMutablePointer<Float>, count: Int) {
    var half = 1
    while half < count {
      for first in stride(from: 0, to: count, by: 2 * half) {
        for place in first..<first + half {
          let (left, right) = (values[place], values[place + half])
          values[place] = left + right
          values[place + half] = left - right
        }
      }
      half *= 2
    }
    let factor = 1 / Float(count).squareRoot()
    for place in 0..<count { values[place] *= factor }
  }
}
