import Binade
import Foundation

/// Raw or `.npy` data written in pieces.
///
/// A regular file has a temporary name until it is whole; see ``OutputFile``.
final class ArrayWriter {
  private let file: OutputFile
  private let type: ElementType
  private let shape: [Int]?
  private let hasHeader: Bool
  private let packedBitWidth: Int?
  private var count = 0

  /// The length of a header that is written before its shape is known: room for every count.
  private static let reservedLength = 128

  /// Whether elements go out as they come and cannot be taken back.
  var isStream: Bool { file.isStream }

  /// Begins the file; `shape` goes into the header of a `.npy` file, nil when it shows only at the end.
  ///
  /// `inputs`: the files that the elements come from, none of which may be replaced.
  /// `packedBitWidth`: codes of one byte are written without gaps, as ``PackedCodes`` lays them out; all pieces but the
  /// last have a multiple of 8 codes.
  init(
    _ path: String,
    apartFrom inputs: [String],
    type: ElementType,
    shape: [Int]?,
    packedBitWidth: Int? = nil,
    patience: Patience = .standard
  ) throws {
    file = try OutputFile(path, apartFrom: inputs, patience: patience)
    self.type = type
    self.shape = shape
    self.packedBitWidth = packedBitWidth
    hasHeader = path.hasSuffix(".npy")
    guard hasHeader else { return }
    if shape == nil, file.isStream {
      throw ArrayFileError.unknownLength(input: inputs.first ?? "the input", output: file.name)
    }
    try file.write(
      NumPyHeader.bytes(
        type: type.rawValue,
        shape: shape ?? [0],
        length: shape == nil ? Self.reservedLength : 0
      )
    )
  }

  /// Appends elements.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    count += bytes.count / type.size
    guard let packedBitWidth else { return try file.write(bytes) }
    let packed = PackedCodes(bytes.bindMemory(to: UInt8.self), bitWidth: packedBitWidth)
    try file.write(packed.bytes)
  }

  /// Gives the file its name.
  ///
  /// Throws when there are not as many elements as its header says.
  func finish() throws {
    if let shape {
      let expected = shape.reduce(1, *)
      guard count == expected else {
        throw ArrayFileError.cut(path: file.name, found: count, expected: expected)
      }
    } else if hasHeader {
      let header = NumPyHeader.bytes(type: type.rawValue, shape: [count], length: Self.reservedLength)
      try file.replaceStart(header)
    }
    try file.finish()
  }
}
