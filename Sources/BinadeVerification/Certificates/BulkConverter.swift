import BinadeKernels
import BinadeNumerics

/// Something that converts between Float32 and codes, many elements at a time: what a proof runs.
package protocol BulkConverter: Sendable {
  /// Which code runs, by name.
  var path: String { get }

  /// How many neighbours decide together how they are rounded, for inputs of one sign of which `least` lies nearest to
  /// zero; nil where each is converted alone.
  func sharedPieceLength(least: Float) -> Int?

  /// Writes the code of each input, one byte per element.
  ///
  /// - Shape: `codes` holds `input.count` elements.
  /// - Precondition: codes have at most 8 bits.
  func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt8>)

  /// Writes the code of each input, two bytes per element.
  ///
  /// - Shape: `codes` holds `input.count` elements.
  /// - Precondition: codes have at most 16 bits.
  func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt16>)

  /// Writes the code of each input, four bytes per element.
  ///
  /// - Shape: `codes` holds `input.count` elements.
  func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt32>)

  /// Writes the value that each input is rounded to.
  ///
  /// - Shape: `values` holds `input.count` elements.
  func roundTrip(_ input: UnsafeBufferPointer<Float>, into values: UnsafeMutablePointer<Float>)

  /// The value of each code.
  ///
  /// `byteCount`: how many bytes hold a code on the way: 1, 2 or 4.
  ///
  /// - Precondition: every code fits the format and the bytes.
  func values(of codes: [UInt32], byteCount: Int) -> [Float]
}

extension FormatCodec: BulkConverter {
  /// Elements are converted one by one.
  package func sharedPieceLength(least: Float) -> Int? { nil }

  /// Encodes each input.
  package func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt8>) {
    encode(input, into: codes)
  }

  /// Encodes each input.
  package func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt16>) {
    encode(input, into: codes)
  }

  /// Encodes each input.
  package func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt32>) {
    encode(input, into: codes)
  }

  /// Decodes each code.
  package func values(of codes: [UInt32], byteCount: Int) -> [Float] { codes.map { decode($0) } }
}

extension BulkCodec: BulkConverter {
  /// Encodes each input.
  package func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt8>) {
    encode(input, into: codes)
  }

  /// Encodes each input.
  package func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt16>) {
    encode(input, into: codes)
  }

  /// Encodes each input.
  package func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt32>) {
    encode(input, into: codes)
  }

  /// Rounds each input through its code.
  package func roundTrip(_ input: UnsafeBufferPointer<Float>, into values: UnsafeMutablePointer<Float>) {
    fakeQuantize(input, into: values)
  }

  /// Decodes each code.
  package func values(of codes: [UInt32], byteCount: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: codes.count) { output, count in
      if let base = output.baseAddress {
        switch byteCount {
        case 1: codes.map { UInt8($0) }.withUnsafeBufferPointer { decode($0, into: base) }
        case 2: codes.map { UInt16($0) }.withUnsafeBufferPointer { decode($0, into: base) }
        default: codes.withUnsafeBufferPointer { decode($0, into: base) }
        }
      }
      count = codes.count
    }
  }
}
