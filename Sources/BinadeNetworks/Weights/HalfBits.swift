/// binary16 bits as Float32; the type Float16 is missing on Intel Macs.
enum HalfBits {
  static func float(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let significand = UInt32(bits) & 0x3FF
    switch exponent {
    case 0:
      let magnitude = Float(significand) * 0x1p-24
      return sign == 0 ? magnitude : -magnitude
    case 31:
      return Float(bitPattern: sign | 0x7F80_0000 | significand << 13)
    default:
      return Float(bitPattern: sign | (exponent + 112) << 23 | significand << 13)
    }
  }
}
