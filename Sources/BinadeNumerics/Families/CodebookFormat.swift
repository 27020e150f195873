/// Any list of values: code k stands for the k-th one.
public struct CodebookFormat: NumericFormat {
  /// Name, width and origin.
  public let info: FormatInfo
  /// The values in code order; finite, infinite or NaN.
  public let values: [Double]

  /// Creates a codebook; codes beyond the list are not used and decode to NaN.
  ///
  /// `info`: `bitWidth` 0 means the least width that holds the list.
  ///
  /// Throws when the list has fewer than 2 or more than 2^bitWidth values.
  public init(info: FormatInfo, values: [Double]) throws(FormatError) {
    guard (2...65536).contains(values.count) else {
      throw .invalidParameter(
        format: info.name,
        parameter: "values",
        found: "\(values.count) values",
        allowed: "2 to 65536 values"
      )
    }
    let needed = Int.bitWidth - (values.count - 1).leadingZeroBitCount
    let width = info.bitWidth == 0 ? needed : info.bitWidth
    guard needed <= width, width <= 16 else {
      throw .invalidParameter(
        format: info.name,
        parameter: "bitWidth",
        found: "\(width)",
        allowed: "\(needed) to 16 for \(values.count) values"
      )
    }
    self.info = info.withBitWidth(width)
    self.values = values
  }

  /// The value of a code.
  public func decode(_ code: UInt32) -> Double {
    code < values.count ? values[Int(code)] : .nan
  }

  /// Whether encoding may produce a code.
  public func isEncodable(_ code: UInt32) -> Bool {
    code < values.count
  }
}
