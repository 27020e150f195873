/// An element of an image that convolutions can pack.
protocol PatchOperand: ExpressibleByIntegerLiteral, Sendable {
  /// Copies `count` pixels, `stride` apart, of one or two taps; of two, the elements alternate.
  ///
  /// Whole vectors of eight are moved: up to seven elements beyond the run are read, and what is written beyond
  /// it is written again by the run or step that comes next, or lies in the slack at the end of the panel.
  static func copyRun(
    _ first: UnsafePointer<Self>,
    _ second: UnsafePointer<Self>?,
    stride: Int,
    count: Int,
    to target: UnsafeMutablePointer<Self>
  )
}

extension Float: PatchOperand {
  @inline(__always)
  static func copyRun(
    _ first: UnsafePointer<Float>,
    _ second: UnsafePointer<Float>?,
    stride: Int,
    count: Int,
    to target: UnsafeMutablePointer<Float>
  ) {
    guard stride == 1 else {
      for index in 0..<count { target[index] = first[index * stride] }
      return
    }
    var index = 0
    while index < count {
      let pixels = UnsafeRawPointer(first + index).loadUnaligned(as: SIMD8<Float>.self)
      UnsafeMutableRawPointer(target + index).storeBytes(of: pixels, as: SIMD8<Float>.self)
      index += 8
    }
  }
}

extension Int16: PatchOperand {
  @inline(__always)
  static func copyRun(
    _ first: UnsafePointer<Int16>,
    _ second: UnsafePointer<Int16>?,
    stride: Int,
    count: Int,
    to target: UnsafeMutablePointer<Int16>
  ) {
    guard stride == 1, let second else {
      for index in 0..<count {
        target[2 * index] = first[index * stride]
        target[2 * index + 1] = second.map { $0[index * stride] } ?? 0
      }
      return
    }
    var index = 0
    while index < count {
      var pairs = SIMD16<Int16>()
      pairs.evenHalf = UnsafeRawPointer(first + index).loadUnaligned(as: SIMD8<Int16>.self)
      pairs.oddHalf = UnsafeRawPointer(second + index).loadUnaligned(as: SIMD8<Int16>.self)
      UnsafeMutableRawPointer(target + 2 * index).storeBytes(of: pairs, as: SIMD16<Int16>.self)
      index += 8
    }
  }
}
