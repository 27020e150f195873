import CBinadeKernels

/// A bfloat16: the upper half of a float32.
struct BFloat16: BitwiseCopyable, Sendable, ExpressibleByIntegerLiteral {
  let bits: UInt16

  /// Integers of up to 8 bits have no bits in the lower half.
  init(integerLiteral value: UInt8) {
    bits = UInt16(Float(value).bitPattern >> 16)
  }

  /// The upper half of a float32: its value where that is a bfloat16.
  init(upperHalfOf value: Float) { bits = UInt16(value.bitPattern >> 16) }

  /// A float32 that is a bfloat16, nil for others; NaN loses its payload.
  init?(exactly value: Float) {
    guard !value.isNaN else {
      bits = UInt16(Float.nan.bitPattern >> 16)
      return
    }
    guard value.bitPattern & 0xFFFF == 0 else { return nil }
    bits = UInt16(value.bitPattern >> 16)
  }
}

extension BFloat16: CodedOperand {
  var integer: Int? { nil }

  static func shift(
    _ codes: UnsafePointer<UInt8>,
    count: Int,
    offset: UInt8,
    zero: Int16,
    into target: UnsafeMutablePointer<BFloat16>
  ) {
    preconditionFailure("floats are no shifted codes")
  }

  /// NaN codes stay NaN, though others than ``init(exactly:)`` makes.
  static func areCodes(_ operands: [BFloat16]) -> Bool {
    operands.count == 65_536
      && operands.enumerated().allSatisfy { code, operand in
        Int(operand.bits) == code || (code & 0x7FFF > 0x7F80 && operand.bits & 0x7FFF > 0x7F80)
      }
  }

  @inline(__always)
  static func arrange(_ codes: UnsafePointer<UInt16>, count: Int, into target: UnsafeMutablePointer<BFloat16>)
  {
    let pairs = UnsafeMutableRawPointer(target).assumingMemoryBound(to: UInt32.self)
    binade_pairs_of_bf16(CPUFeatures.detected.rawValue, codes, count, pairs)
  }

  /// The later step of a pair lies first, as ``BFloat16MicroKernel`` wants it.
  @inline(__always)
  static func arrange(_ operands: UnsafeMutablePointer<BFloat16>, count: Int) {
    let memory = UnsafeMutableRawPointer(operands)
    for offset in stride(from: 0, to: 2 * count, by: 4) {
      let pair = memory.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      memory.storeBytes(of: pair << 16 | pair >> 16, toByteOffset: offset, as: UInt32.self)
    }
  }
}
