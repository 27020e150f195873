import Binade
import Foundation

/// A folder that results go to; files appear whole or not at all.
///
/// If nothing came to be in it, a folder that was made for results goes away again.
final class OutputFolder {
  let url: URL
  /// The folders that were not there before, the outermost first.
  private let made: [String]

  /// Makes the folder if it is missing and checks that files can be written to it.
  init(_ path: String) throws {
    url = URL(filePath: path, directoryHint: .isDirectory)
    var missing: [String] = []
    var folder = url
    while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
      missing.insert(folder.path, at: 0)
      folder.deleteLastPathComponent()
    }
    made = missing
    for folder in missing { Leftovers.ofProcess.add(folder: folder) }
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      let probe = url.appending(path: ".binade-\(UUID().uuidString)")
      try Data().write(to: probe)
      try FileManager.default.removeItem(at: probe)
    } catch {
      throw OutputError.notWritable(path: path)
    }
  }

  deinit {
    for folder in made.reversed() {
      // One that holds something stays.
      rmdir(folder)
      Leftovers.ofProcess.remove(folder: folder)
    }
  }

  /// Writes a file under a temporary name and renames it.
  func write(_ text: String, as name: String) throws {
    try OutputFile.write(text, to: url.appending(path: name).relativePath)
  }

  /// Names of files in the folder, for a message.
  func names(_ files: [String]) -> String {
    files.map { url.appending(path: $0).relativePath }.joined(separator: ", ")
  }
}

/// Why results cannot be written.
enum OutputError: Error, Equatable, CustomStringConvertible {
  case notWritable(path: String)
  case failed(path: String, reason: String)
  case isFolder(path: String)
  case isInput(path: String, input: String)

  var description: String {
    switch self {
    case .notWritable(let path):
      "\(path): cannot be written; name a folder that exists and allows writing, or one that can be made"
    case .failed(let path, let reason):
      "\(path): cannot be written: \(reason)"
    case .isFolder(let path):
      "\(path): is a folder; name the file to write"
    case .isInput(let path, let input):
      "\(path): is the input file"
        + (path == input ? "" : " \(input)") + ", which would be replaced; name another file to write"
    }
  }
}
