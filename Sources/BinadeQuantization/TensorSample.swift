/// What calibration knows of a tensor: its range, exact, and some of its values.
public struct TensorSample: Sendable {
  /// The least value of the whole tensor.
  public var least: Float
  /// The greatest value of the whole tensor.
  public var greatest: Float
  /// Values, all of them or a deterministic selection.
  public var values: [Float]

  /// A sample that holds every value.
  public init(_ values: [Float]) {
    self.values = values
    // NaN compares false with everything and would pass unseen through min and max.
    let hasNaN = values.contains { $0.isNaN }
    least = hasNaN ? .nan : values.min() ?? .infinity
    greatest = hasNaN ? .nan : values.max() ?? -.infinity
  }

  /// An empty sample; values are added with ``add(_:keeping:)``.
  public init() {
    self.init([])
  }

  /// The greatest magnitude of the whole tensor.
  public var greatestMagnitude: Float { max(-least, greatest, 0) }

  /// Whether no value of the tensor is negative.
  public var isNonnegative: Bool { least >= 0 }

  /// Takes the range of `part` and `count` of its values, evenly spread.
  ///
  /// - Complexity: O(n) in the number of elements of `part`.
  public mutating func add(_ part: UnsafeBufferPointer<Float>, keeping count: Int, phase: Int) {
    guard !part.isEmpty else { return }
    for value in part {
      // A NaN must not hide: it makes both ends NaN, which calibration refuses.
      if value.isNaN {
        least = .nan
        greatest = .nan
      }
      if value < least { least = value }
      if value > greatest { greatest = value }
    }
    let kept = min(count, part.count)
    for index in 0..<kept {
      values.append(part[(index * part.count / kept + phase) % part.count])
    }
  }

  /// Joins two samples of one tensor.
  public mutating func merge(_ other: TensorSample) {
    if other.least.isNaN || least.isNaN {
      least = .nan
      greatest = .nan
    } else {
      least = min(least, other.least)
      greatest = max(greatest, other.greatest)
    }
    values += other.values
  }
}
