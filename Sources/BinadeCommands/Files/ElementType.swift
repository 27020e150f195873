/// Types of elements in array files.
enum ElementType: String {
  case float32 = "<f4"
  case float64 = "<f8"
  case code8 = "|u1"
  case code16 = "<u2"
  case code32 = "<u4"

  /// Bytes of one element.
  var size: Int {
    switch self {
    case .code8: 1
    case .code16: 2
    case .float32, .code32: 4
    case .float64: 8
    }
  }

  /// The type of the codes of a format.
  static func code(bitWidth: Int) -> ElementType {
    bitWidth <= 8 ? .code8 : bitWidth <= 16 ? .code16 : .code32
  }
}

/// How elements lie in a file, and what they are once read.
struct StoredType: Equatable {
  /// What is read.
  let type: ElementType
  /// Bytes of one element in the file.
  let size: Int
  /// Whether the most significant byte comes first.
  let isBigEndian: Bool
  /// Whether it is float16, which float32 holds exactly.
  let isFloat16: Bool

  /// A type as it is.
  init(_ type: ElementType) {
    self.type = type
    size = type.size
    isBigEndian = false
    isFloat16 = false
  }

  /// The type that NumPy names so; nil for those that are none of numbers or codes.
  ///
  /// Types without a name of their own (`V1`, `V2`, and `f1`: bfloat16 and 8-bit floats of ml_dtypes) are codes.
  init?(numPyName name: String) {
    let order = name.first
    guard let order, "<>|=".contains(order) else { return nil }
    switch name.dropFirst() {
    case "f2": (type, size, isFloat16) = (.float32, 2, true)
    case "f4": (type, size, isFloat16) = (.float32, 4, false)
    case "f8": (type, size, isFloat16) = (.float64, 8, false)
    case "u1", "V1", "f1": (type, size, isFloat16) = (.code8, 1, false)
    case "u2", "V2": (type, size, isFloat16) = (.code16, 2, false)
    case "u4": (type, size, isFloat16) = (.code32, 4, false)
    default: return nil
    }
    isBigEndian = order == ">"
  }

  /// Whether elements in the file are what is read, byte by byte.
  var isNative: Bool { self == StoredType(type) || size == 1 }

  /// The bytes of elements as `type` has them, in the machine's order.
  func native(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    if isBigEndian, size > 1 {
      for start in stride(from: 0, to: bytes.count, by: size) { bytes[start..<start + size].reverse() }
    }
    guard isFloat16 else { return bytes }
    return bytes.withUnsafeBytes { source in
      let floats = (0..<source.count / 2).map { index in
        Self.float(float16: source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
      }
      return floats.withUnsafeBytes { Array($0) }
    }
  }

  /// The float32 of the same value as a float16; NaN keeps its payload.
  static func float(float16 bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 0x1F)
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      // A multiple of 2^-24, exact in float32.
      let magnitude = Float(fraction) * 0x1p-24
      return Float(bitPattern: sign | magnitude.bitPattern)
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
