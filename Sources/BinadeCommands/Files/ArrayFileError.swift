/// Why an array file cannot be read or written.
enum ArrayFileError: Error, Equatable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case partialElement(path: String, size: Int, elementSize: Int)
  case malformed(path: String, reason: String)
  case wrongType(path: String, found: String, expected: [String])
  case cut(path: String, found: Int, expected: Int)
  case endless(path: String)
  case unknownLength(input: String, output: String)

  var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path): cannot be read: \(reason)"
    case .partialElement(let path, let size, let elementSize):
      "\(path): \(size) bytes of data are no multiple of \(elementSize), the size of an element; truncated?"
    case .malformed(let path, let reason):
      "\(path): \(reason)"
    case .wrongType(let path, let found, let expected):
      "\(path): elements are '\(found)'; expected \(expected.joined(separator: " or "))"
    case .cut(let path, let found, let expected):
      "\(path): ended after \(found) of \(expected) elements; was it cut while it was read?"
    case .endless(let path):
      "\(path): is a device, which may never end; --limit N reads its first N elements"
    case .unknownLength(let input, let output):
      "\(output): an .npy file begins with its shape, and how many elements come from \(input) shows only at its end; "
        + "write raw data, to a name that does not end in .npy, or to a file"
    }
  }
}
