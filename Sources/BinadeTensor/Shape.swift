/// The extents of a tensor; no dimensions mean a scalar.
public struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The extent of each dimension, outermost first.
  public let extents: [Int]
  /// The number of elements: the product of the extents.
  public let count: Int

  /// Creates a shape.
  ///
  /// - Precondition: no extent is negative and the product fits an Int. Use ``init(checking:)`` for extents from
  ///   outside.
  public init(_ extents: [Int]) {
    guard let checked = Shape(checking: extents) else {
      preconditionFailure("\(extents) is not a shape")
    }
    self = checked
  }

  /// Creates a shape; nil when an extent is negative or the element count overflows.
  public init?(checking extents: [Int]) {
    var count = 1
    for extent in extents {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { return nil }
      count = product
    }
    self.extents = extents
    self.count = count
  }

  /// Creates a shape from its extents.
  public init(arrayLiteral elements: Int...) {
    self.init(elements)
  }

  /// The extent of one dimension.
  public subscript(dimension: Int) -> Int { extents[dimension] }

  /// The number of dimensions.
  public var rank: Int { extents.count }

  /// The extents joined by ×.
  public var description: String {
    extents.isEmpty ? "scalar" : extents.map(String.init).joined(separator: "×")
  }
}
