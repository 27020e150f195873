/// Codes of 1 to 8 bits without gaps between them.
///
/// The bytes are a bit stream, least significant bit first: code i takes the bits from i * bitWidth on, where bit b is
/// bit b % 8 of byte b / 8. So of two 4-bit codes in a byte the first is the low nibble, and four 6-bit codes take
/// three bytes. Eight codes always take `bitWidth` bytes. Bits after the last code are zero.
public struct PackedCodes: Sendable, Hashable {
  /// Bits of one code, 1 to 8.
  public let bitWidth: Int
  /// The number of codes.
  public let count: Int
  /// The bit stream.
  public private(set) var bytes: [UInt8]

  /// Widths that are understood.
  public static let bitWidths = 1...8

  /// Returns the bytes that codes take; nil for widths and counts that are none, and sizes beyond Int.
  public static func byteCount(of count: Int, bitWidth: Int) -> Int? {
    guard bitWidths.contains(bitWidth), count >= 0 else { return nil }
    let (whole, overflow) = (count / 8).multipliedReportingOverflow(by: bitWidth)
    let (total, overflow2) = whole.addingReportingOverflow((count % 8 * bitWidth + 7) / 8)
    return overflow || overflow2 ? nil : total
  }

  /// Packs codes, one byte each.
  ///
  /// - Precondition: the width is 1 to 8, and no code has more bits.
  public init(_ codes: [UInt8], bitWidth: Int) {
    self = codes.withUnsafeBufferPointer { PackedCodes($0, bitWidth: bitWidth) }
  }

  /// Packs codes, one byte each.
  ///
  /// - Precondition: the width is 1 to 8, and no code has more bits.
  public init(_ codes: UnsafeBufferPointer<UInt8>, bitWidth: Int) {
    guard let size = Self.byteCount(of: codes.count, bitWidth: bitWidth) else {
      preconditionFailure("\(codes.count) codes of \(bitWidth) bits cannot be packed")
    }
    self.bitWidth = bitWidth
    count = codes.count
    bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      let all = BitPacking(bitWidth).pack(codes, into: UnsafeMutableRawBufferPointer(buffer))
      precondition(all < 1 << bitWidth, "a code has more than \(bitWidth) bits")
      initialized = size
    }
  }

  /// Takes a bit stream from outside; nil when its size is not that of so many codes, or bits after the last one are
  /// set.
  public init?(bytes: [UInt8], count: Int, bitWidth: Int) {
    guard let size = Self.byteCount(of: count, bitWidth: bitWidth), bytes.count == size else { return nil }
    let usedBits = count % 8 * bitWidth % 8
    if usedBits != 0, let last = bytes.last, last >> UInt8(usedBits) != 0 { return nil }
    self.bitWidth = bitWidth
    self.count = count
    self.bytes = bytes
  }

  /// The code at `index`.
  ///
  /// - Precondition: `index` is one of 0 ..< count; a code that is set has no more than `bitWidth` bits.
  public subscript(index: Int) -> UInt8 {
    get {
      precondition((0..<count).contains(index), "no code \(index) among \(count)")
      let bit = index % 8 * bitWidth
      let byte = index / 8 * bitWidth + bit / 8
      let next = byte + 1 < bytes.count ? UInt16(bytes[byte + 1]) << 8 : 0
      return UInt8(truncatingIfNeeded: (UInt16(bytes[byte]) | next) >> UInt16(bit % 8)) & mask
    }
    set {
      precondition((0..<count).contains(index), "no code \(index) among \(count)")
      precondition(newValue <= mask, "code \(newValue) has more than \(bitWidth) bits")
      let bit = index % 8 * bitWidth
      let byte = index / 8 * bitWidth + bit / 8
      let (shifted, kept) = (UInt16(newValue) << UInt16(bit % 8), ~(UInt16(mask) << UInt16(bit % 8)))
      bytes[byte] = bytes[byte] & UInt8(truncatingIfNeeded: kept) | UInt8(truncatingIfNeeded: shifted)
      if bit % 8 + bitWidth > 8 {
        bytes[byte + 1] = bytes[byte + 1] & UInt8(kept >> 8) | UInt8(shifted >> 8)
      }
    }
  }

  private var mask: UInt8 { .max >> UInt8(8 - bitWidth) }

  /// All codes, one byte each.
  public func unpacked() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { codes, initialized in
      unpack(0..<count, into: codes)
      initialized = count
    }
  }

  /// Unpacks some codes, one byte each.
  ///
  /// - Shape: `codes` holds at least `range.count` elements.
  /// - Precondition: the range lies within 0 ..< count and begins at a multiple of 8.
  public func unpack(_ range: Range<Int>, into codes: UnsafeMutableBufferPointer<UInt8>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count && range.lowerBound.isMultiple(of: 8),
      "codes \(range) among \(count); a range begins at a multiple of 8"
    )
    precondition(codes.count >= range.count, "\(codes.count) places for \(range.count) codes")
    let start = range.lowerBound / 8 * bitWidth
    bytes.withUnsafeBytes { bytes in
      BitPacking(bitWidth).unpack(
        UnsafeRawBufferPointer(rebasing: bytes[start...]),
        into: UnsafeMutableBufferPointer(rebasing: codes[0..<range.count])
      )
    }
  }
}
