import BinadeNumerics

/// The types of elements that a safetensors file can hold.
///
/// Elements of less than a byte are packed without gaps, least significant bit first (``PackedCodes``): of two F4 in a
/// byte the first is the low nibble, as in PyTorch's `float4_e2m1fn_x2`. Shapes count elements, not bytes.
///
/// - Source: huggingface/safetensors 0.8, `Dtype`.
public enum SafetensorsType: String, Sendable, Hashable, CaseIterable {
  case bool = "BOOL"
  case f4 = "F4"
  case f6e2m3 = "F6_E2M3"
  case f6e3m2 = "F6_E3M2"
  case u8 = "U8"
  case i8 = "I8"
  case f8e5m2 = "F8_E5M2"
  case f8e4m3 = "F8_E4M3"
  case f8e8m0 = "F8_E8M0"
  case f8e4m3fnuz = "F8_E4M3FNUZ"
  case f8e5m2fnuz = "F8_E5M2FNUZ"
  case i16 = "I16"
  case u16 = "U16"
  case f16 = "F16"
  case bf16 = "BF16"
  case i32 = "I32"
  case u32 = "U32"
  case f32 = "F32"
  case c64 = "C64"
  case f64 = "F64"
  case i64 = "I64"
  case u64 = "U64"

  /// Bits of one element.
  public var bitWidth: Int {
    switch self {
    case .f4: 4
    case .f6e2m3, .f6e3m2: 6
    case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
    case .i16, .u16, .f16, .bf16: 16
    case .i32, .u32, .f32: 32
    case .c64, .f64, .i64, .u64: 64
    }
  }

  /// Whether elements are real numbers: all types but the complex C64.
  public var isReal: Bool { self != .c64 }

  /// The bytes that `count` elements take; nil when they are no whole bytes, or more than fit an Int.
  public func byteCount(of count: Int) -> Int? {
    let (bits, overflow) = count.multipliedReportingOverflow(by: bitWidth)
    return overflow || bits % 8 != 0 ? nil : bits / 8
  }

  /// The format of floating-point elements of up to 16 bits; nil for the other types.
  ///
  /// Formats: float4_e2m1fn, float6_e2m3fn, float6_e3m2fn, float8_e5m2, float8_e4m3fn, float8_e8m0fnu,
  /// float8_e4m3fnuz, float8_e5m2fnuz, float16 and bfloat16 of the catalogue.
  func narrowFloat() throws(FormatError) -> BinaryFloatFormat? {
    func float(
      _ exponentBitCount: Int,
      _ significandBitCount: Int,
      _ specialValues: BinaryFloatFormat.SpecialValues,
      bias: Int? = nil
    ) throws(FormatError) -> BinaryFloatFormat {
      try BinaryFloatFormat(
        info: FormatInfo(name: rawValue, bitWidth: bitWidth, family: .binaryFloat),
        exponentBitCount: exponentBitCount,
        significandBitCount: significandBitCount,
        exponentBias: bias,
        specialValues: specialValues
      )
    }
    switch self {
    case .f4: return try float(2, 1, .finite)
    case .f6e2m3: return try float(2, 3, .finite)
    case .f6e3m2: return try float(3, 2, .finite)
    case .f8e5m2: return try float(5, 2, .ieee)
    case .f8e4m3: return try float(4, 3, .finiteNaN)
    case .f8e4m3fnuz: return try float(4, 3, .unsignedZero, bias: 8)
    case .f8e5m2fnuz: return try float(5, 2, .unsignedZero, bias: 16)
    case .f16: return try float(5, 10, .ieee)
    case .bf16: return try float(8, 7, .ieee)
    case .f8e8m0:
      return try BinaryFloatFormat(
        info: FormatInfo(name: rawValue, bitWidth: 8, family: .binaryFloat),
        isSigned: false,
        exponentBitCount: 8,
        significandBitCount: 0,
        specialValues: .finiteNaN,
        lowestBinade: .normal
      )
    case .bool, .u8, .i8, .i16, .u16, .i32, .u32, .f32, .c64, .f64, .i64, .u64: return nil
    }
  }
}
