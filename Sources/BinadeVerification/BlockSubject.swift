import BinadeNumerics

/// Something that converts rows to a block format and back, to be checked.
package protocol BlockSubject {
  /// The codes of a row; `outerScale` nil means that the row is all there is.
  func encode(_ row: [Float], outerScale: Float?) -> BlockRow
  /// The values of codes.
  func decode(_ row: BlockRow) -> [Float]
  /// Encoded and decoded in one step.
  func roundTrip(_ row: [Float]) -> [Float]
}

extension BlockCodec: BlockSubject {}
