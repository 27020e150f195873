import Foundation

@testable import BinadeCommands

/// Arrays of NumPy.
enum Arrays {
  /// The header of a .npy file: it lies within the file, and one of the same type and shape is read as it was written.
  static func header(_ data: Data) {
    guard let header = try? NumPyHeader(parsing: data) else { return }
    precondition(header.count >= 0 && header.length <= data.count, "a header longer than the file")
    guard !header.isFortranOrder,
      header.type.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x27 && $0 != 0x5C })
    else { return }
    let again = try? NumPyHeader(parsing: NumPyHeader.bytes(type: header.type, shape: header.shape))
    precondition(
      again?.type == header.type && again?.shape == header.shape,
      "what was written cannot be read"
    )
  }
}
