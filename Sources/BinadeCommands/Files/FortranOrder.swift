/// The order of arrays whose first index runs fastest.
enum FortranOrder {
  /// Whether the order of the elements depends on which index runs fastest: more than one has choices.
  static func matters(_ shape: [Int]) -> Bool {
    !shape.contains(0) && shape.count(where: { $0 > 1 }) > 1
  }

  /// The elements of an array in Fortran order put into C order, where the last index runs fastest.
  ///
  /// - Shape: `bytes` holds the product of `shape` elements of `size` bytes.
  static func inCOrder(_ bytes: [UInt8], shape: [Int], size: Int) -> [UInt8] {
    // What a step along each index means in the file.
    var strides: [Int] = []
    var stride = size
    for extent in shape {
      strides.append(stride)
      stride *= extent
    }
    precondition(bytes.count == stride, "\(bytes.count) bytes for shape \(shape) of \(size) bytes each")
    var index = [Int](repeating: 0, count: shape.count)
    var place = 0
    return [UInt8](unsafeUninitializedCapacity: bytes.count) { output, count in
      bytes.withUnsafeBytes { input in
        guard let source = input.baseAddress, let target = output.baseAddress else { return }
        for start in Swift.stride(from: 0, to: input.count, by: size) {
          UnsafeMutableRawPointer(target + start).copyMemory(from: source + place, byteCount: size)
          // The next index in C order: an odometer whose last wheel turns first.
          var axis = shape.count - 1
          while axis >= 0 {
            index[axis] += 1
            place += strides[axis]
            if index[axis] < shape[axis] { break }
            place -= strides[axis] * shape[axis]
            index[axis] = 0
            axis -= 1
          }
        }
      }
      count = bytes.count
    }
  }
}
