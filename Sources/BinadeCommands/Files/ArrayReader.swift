import Binade
import Foundation

/// Raw little-endian or `.npy` data, read in pieces from a file, a FIFO, a device or standard input.
///
/// What begins as `.npy` files begin is read as one, whatever its name. Arrays in Fortran order are put into C order, in
/// memory.
final class ArrayReader {
  let type: ElementType
  /// The shape of the array, nil where it shows only at the end; a raw file has one dimension.
  private(set) var shape: [Int]?
  /// Elements that will be read; nil where it shows only at the end.
  private(set) var count: Int?
  /// The extent of the last axis of the whole array; nil where it shows only at the end.
  let rowLength: Int?
  /// The name in messages.
  let name: String
  private let file: InputFile
  private let stored: StoredType
  private let reordering: (shape: [Int], count: Int)?
  private let limit: Int?
  /// Where the elements begin in what is read again.
  private let dataStart: Int
  private var position = 0
  /// The elements of an array in Fortran order, put into C order once they are needed.
  private var reordered: [UInt8]?

  /// Opens `path`, or standard input for `-`.
  ///
  /// `types`: what the elements may be; raw data are of the first, or float64 when the name ends in `.f64`.
  /// `limit`: the elements that are read at most, in order; the array has one dimension then.
  /// `isReadTwice`: ``rewind()`` will be called, or the count must be known; a stream is copied to a file that has no
  /// name.
  init(
    _ path: String,
    types: [ElementType],
    limit: Int? = nil,
    isReadTwice: Bool = false,
    patience: Patience = .standard
  ) throws {
    file = try InputFile(path, patience: patience)
    name = file.name
    self.limit = limit
    if file.kind == .device, limit == nil { throw ArrayFileError.endless(path: name) }
    let start = try file.read(NumPyHeader.prefixLength)
    if start.starts(with: NumPyHeader.magic) || path.hasSuffix(".npy") {
      let header = try Self.header(file, start)
      guard let stored = StoredType(numPyName: header.type), types.contains(stored.type) else {
        throw ArrayFileError.wrongType(
          path: name,
          found: header.type,
          expected: types.map { "'\($0.rawValue)'" }
        )
      }
      self.stored = stored
      dataStart = header.length
      if case .regular(let size) = file.kind, size - header.length != header.count * stored.size {
        throw ArrayFileError.malformed(
          path: name,
          reason: "\(size - header.length) bytes of data for shape \(header.shape), which takes "
            + "\(header.count * stored.size); truncated?"
        )
      }
      reordering =
        header.isFortranOrder && FortranOrder.matters(header.shape) ? (header.shape, header.count) : nil
      let isCut = limit.map { $0 < header.count } ?? false
      rowLength = header.shape.last ?? 1
      count = isCut ? limit : header.count
      shape = isCut ? limit.map { [$0] } : header.shape
    } else {
      file.unread(start)
      dataStart = 0
      reordering = nil
      stored = StoredType(path.hasSuffix(".f64") && types.contains(.float64) ? .float64 : types[0])
      if case .regular(let size) = file.kind {
        guard size % stored.size == 0 else {
          throw ArrayFileError.partialElement(path: name, size: size, elementSize: stored.size)
        }
        count = min(size / stored.size, limit ?? .max)
      } else {
        count = nil
      }
      rowLength = count
      shape = count.map { [$0] }
    }
    type = stored.type
    if isReadTwice, !file.isRegular {
      let (bytes, overflow) = (limit ?? .max).multipliedReportingOverflow(by: stored.size)
      let size = try file.makeRewindable(limit: overflow ? nil : bytes)
      guard size % stored.size == 0 else {
        throw ArrayFileError.partialElement(path: name, size: size, elementSize: stored.size)
      }
      count = count ?? size / stored.size
      shape = shape ?? [size / stored.size]
    }
  }

  private static func header(_ file: InputFile, _ start: Data) throws -> NumPyHeader {
    do {
      let length = try NumPyHeader.length(prefix: Array(start))
      // A header of version 1 may be shorter than what was read to find its length.
      if length < start.count { file.unread(start.dropFirst(length)) }
      let rest = try file.read(max(0, length - start.count))
      return try NumPyHeader(parsing: start.prefix(length) + rest)
    } catch let error as NumPyHeaderError {
      throw ArrayFileError.malformed(path: file.name, reason: "\(error)")
    }
  }

  /// The floats of a piece, copied: the bytes of a Data need not be aligned.
  static func floats<T: BinaryFloatingPoint>(_ data: Data, as type: T.Type = T.self) -> [T] {
    let count = data.count / MemoryLayout<T>.size
    return Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = data.copyBytes(to: buffer) / MemoryLayout<T>.size
    }
  }

  /// The next elements, at most `limit` of them; nil at the end.
  ///
  /// Throws when there are fewer than the file had when it was opened, or than its header says.
  func next(_ limit: Int) throws -> Data? {
    let end = min(count ?? .max, self.limit ?? .max)
    let wanted = min(limit, end - position)
    guard wanted > 0 else {
      if self.limit == nil, count != nil, !file.isRegular { try requireEnd() }
      return nil
    }
    let bytes: Data
    if let reordering {
      let all = try reordered ?? allInCOrder(reordering)
      reordered = all
      bytes = Data(all[position * stored.size..<(position + wanted) * stored.size])
    } else {
      bytes = try file.read(wanted * stored.size)
    }
    if let count, bytes.count < wanted * stored.size {
      throw ArrayFileError.cut(path: name, found: position + bytes.count / stored.size, expected: count)
    }
    guard bytes.count % stored.size == 0 else {
      let size = position * stored.size + bytes.count
      throw ArrayFileError.partialElement(path: name, size: size, elementSize: stored.size)
    }
    position += bytes.count / stored.size
    if bytes.isEmpty { return nil }
    return stored.isNative ? bytes : Data(stored.native(Array(bytes)))
  }

  private func allInCOrder(_ reordering: (shape: [Int], count: Int)) throws -> [UInt8] {
    // Memory grows with what comes, not with what a header claims.
    let bytes = Array(try file.read(reordering.count * stored.size))
    guard bytes.count == reordering.count * stored.size else {
      throw ArrayFileError.cut(
        path: name,
        found: bytes.count / stored.size,
        expected: reordering.count
      )
    }
    return FortranOrder.inCOrder(bytes, shape: reordering.shape, size: stored.size)
  }

  private func requireEnd() throws {
    guard try !file.read(1).isEmpty else { return }
    throw ArrayFileError.malformed(
      path: name,
      reason: "there are more data than shape \(shape ?? []) in its header takes"
    )
  }

  /// Begins again with the first element.
  ///
  /// - Precondition: it was opened to be read twice.
  func rewind() throws {
    position = 0
    file.rewind()
    // What was copied from a stream are the elements alone.
    if file.isRegular { _ = try file.read(dataStart) }
  }
}
