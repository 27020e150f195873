import BinadeNumerics

/// Turns the bytes of a tensor into Float32 values, and values into bytes.
struct SafetensorsElements {
  let type: SafetensorsType

  /// The values of `count` elements; integers and Doubles are rounded to the nearest Float32.
  ///
  /// Nil for complex numbers.
  ///
  /// - Precondition: `bytes` has the size that so many elements take.
  func values(of bytes: [UInt8], count: Int) throws(FormatError) -> [Float]? {
    precondition(type.byteCount(of: count) == bytes.count, "\(bytes.count) bytes for \(count) \(type)")
    func each<T: FixedWidthInteger>(_ width: T.Type, _ value: (T) -> Float) -> [Float] {
      bytes.withUnsafeBytes { source in
        (0..<count).map {
          value(T(littleEndian: source.loadUnaligned(fromByteOffset: MemoryLayout<T>.size * $0, as: T.self)))
        }
      }
    }
    switch type {
    case .bool, .u8: return each(UInt8.self) { Float($0) }
    case .i8: return each(Int8.self) { Float($0) }
    case .u16: return each(UInt16.self) { Float($0) }
    case .i16: return each(Int16.self) { Float($0) }
    case .u32: return each(UInt32.self) { Float($0) }
    case .i32: return each(Int32.self) { Float($0) }
    case .u64: return each(UInt64.self) { Float($0) }
    case .i64: return each(Int64.self) { Float($0) }
    case .f32: return each(UInt32.self) { Float(bitPattern: $0) }
    case .f64: return each(UInt64.self) { Float(Double(bitPattern: $0)) }
    case .c64: return nil
    case .bf16: return each(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .f16: return each(UInt16.self) { HalfBits.float($0) }
    case .f4, .f6e2m3, .f6e3m2, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz:
      guard let format = try type.narrowFloat() else { return nil }
      let table = (0..<UInt32(1 << type.bitWidth)).map { Float(format.decode($0)) }
      if type.bitWidth == 8 { return bytes.map { table[Int($0)] } }
      let packed = PackedCodes(bytes: bytes, count: count, bitWidth: type.bitWidth)
      return packed?.unpacked().map { table[Int($0)] }
    }
  }

  /// The bytes of values, each rounded once to nearest even.
  ///
  /// What lies beyond the range becomes infinity where the type has it (F16, BF16, F8_E5M2), else the greatest value;
  /// zero and negative numbers become the least value of F8_E8M0. Nil when a value has no element: NaN in integers, F4
  /// and F6, anything but 0 and 1 in BOOL, everything in C64.
  func bytes(of values: [Float]) throws(FormatError) -> [UInt8]? {
    func each<T: FixedWidthInteger>(_ element: (Float) -> T) -> [UInt8] {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(values.count * MemoryLayout<T>.size)
      for value in values {
        withUnsafeBytes(of: element(value).littleEndian) { bytes.append(contentsOf: $0) }
      }
      return bytes
    }
    func integers<T: FixedWidthInteger>(_ integer: T.Type) -> [UInt8]? {
      guard !values.contains(where: \.isNaN) else { return nil }
      return each { value -> T in
        let rounded = value.rounded(.toNearestOrEven)
        return T(exactly: rounded) ?? (rounded < 0 ? .min : .max)
      }
    }
    switch type {
    case .bool:
      guard values.allSatisfy({ $0 == 0 || $0 == 1 }) else { return nil }
      return values.map { $0 == 1 ? 1 : 0 }
    case .u8: return integers(UInt8.self)
    case .i8: return integers(Int8.self)
    case .u16: return integers(UInt16.self)
    case .i16: return integers(Int16.self)
    case .u32: return integers(UInt32.self)
    case .i32: return integers(Int32.self)
    case .u64: return integers(UInt64.self)
    case .i64: return integers(Int64.self)
    case .f32: return each { $0.bitPattern }
    case .f64: return each { Double($0).bitPattern }
    case .c64: return nil
    case .f4, .f6e2m3, .f6e3m2, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz, .f16, .bf16:
      guard let format = try type.narrowFloat() else { return nil }
      let specials = try format.makeLadder().specials
      guard specials.nan != nil || !values.contains(where: \.isNaN) else { return nil }
      let overflow: OverflowRule = specials.positiveInfinity == nil ? .saturate : .ieee
      let codec = try FormatCodec(format, policy: ConversionPolicy(overflow: overflow))
      if type.bitWidth == 16 { return each { UInt16(truncatingIfNeeded: codec.encode($0)) } }
      let codes = values.map { UInt8(truncatingIfNeeded: codec.encode($0)) }
      return type.bitWidth == 8 ? codes : PackedCodes(codes, bitWidth: type.bitWidth).bytes
    }
  }
}
