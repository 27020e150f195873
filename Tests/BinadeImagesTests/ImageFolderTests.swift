import BinadeImages
import BinadeNetworks
import Foundation
import Testing

/// Folders of JPEG and PNG images beside Pillow (Recorded/record_images.py).
@Suite struct ImageFolderTests {
  private static let recorded = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "Recorded"
  )

  /// A folder with copies of recorded images: class/file -> recorded name.
  private static func folder(_ files: [String: String], in root: URL) throws {
    for (path, name) in files {
      let target = root.appending(path: path)
      try FileManager.default.createDirectory(
        at: target.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      try FileManager.default.copyItem(at: recorded.appending(path: name), to: target)
    }
  }

  private static func withFolder(_ files: [String: String], _ body: (URL) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "binade-images-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    try folder(files, in: root)
    try body(root)
  }

  private static func bytes(_ data: ImageDataset, _ index: Int) -> [UInt8] {
    let (shape, channels) = (data.imageShape, data.imageShape.channels)
    var values = [Float](repeating: 0, count: shape.count)
    let plain = Normalization(
      mean: Array(repeating: 0, count: channels),
      standardDeviation: Array(repeating: 1, count: channels)
    )
    data.copyImage(index, normalization: plain, into: &values)
    return (0..<channels).flatMap { channel in
      (0..<shape.height * shape.width).map { UInt8((values[$0 * channels + channel] * 255).rounded()) }
    }
  }

  @Test(
    "pixels are Pillow's",
    arguments: [
      "colours.png", "palette.png", "grey.png", "colours.jpg", "subsampled.jpeg", "progressive.jpg",
      "grey.jpg",
    ]
  )
  func pixels(name: String) throws {
    try Self.withFolder(["a/\(name)": name]) { root in
      let data = try ImageFolder.read(root, name: "x", threads: 1)
      let expected = try Data(contentsOf: Self.recorded.appending(path: "\(name).bytes"))
      #expect(data.imageShape == ImageShape(channels: name.hasPrefix("grey") ? 1 : 3, height: 11, width: 13))
      let found = Self.bytes(data, 0)
      // Decoders of other versions may differ in a bit of JPEG's transform.
      let difference = zip(found, expected).map { abs(Int($0) - Int($1)) }.max() ?? 255
      #expect(found.count == expected.count && difference <= (name.contains(".jp") ? 1 : 0))
    }
  }

  @Test("classes are subfolders by name; grey among colours becomes three channels; threads change nothing")
  func classes() throws {
    let files = [
      "train/cat/2.png": "colours.png", "train/cat/1.PNG": "grey.png", "train/ant/1.jpg": "colours.jpg",
      "train/ant/notes.txt": "record_images.py", "test/ant/1.png": "colours.png",
      "test/cat/1.jpg": "grey.jpg",
    ]
    try Self.withFolder(files) { root in
      let data = try DatasetFolder.open(root, threads: 3)
      let training = try #require(data.training)
      #expect(training.labels == [0, 1, 1] && training.classCount == 2)
      #expect(training.imageShape.channels == 3)
      let grey = try Data(contentsOf: Self.recorded.appending(path: "grey.png.bytes"))
      #expect(Self.bytes(training, 1) == Array(grey + grey + grey))
      #expect(data.evaluation.labels == [0, 1])
      let again = try DatasetFolder.open(root, threads: 1)
      #expect((0..<3).allSatisfy { Self.bytes(training, $0) == Self.bytes(again.training!, $0) })
    }
  }

  private func message(_ files: [String: String], _ change: (URL) throws -> Void = { _ in }) throws -> String
  {
    var message = "read"
    try Self.withFolder(files) { root in
      try change(root)
      do throws(NetworkError) { _ = try DatasetFolder.open(root, threads: 2) } catch { message = "\(error)" }
    }
    return message
  }

  @Test("what cannot be used is a sentence that names the file")
  func badInput() throws {
    let good = ["train/a/1.png": "colours.png", "test/a/1.png": "colours.png"]
    #expect(try message(good) == "read")
    let other = try message(good.merging(["test/b/1.png": "colours.png"]) { $1 })
    #expect(other.contains("'b' is in one of them only"))
    let text = try message(good.merging(["train/a/2.png": "record_images.py"]) { $1 })
    #expect(text.contains("2.png: neither a JPEG nor a PNG image"))
    let empty = try message(["train/a/x.txt": "record_images.py", "test/a/1.png": "grey.png"])
    #expect(empty.contains("no .jpg, .jpeg or .png file"))
    for name in ["colours.png", "colours.jpg"] {
      let cut = try message(["test/a/\(name)": name]) { root in
        let file = root.appending(path: "test/a/\(name)")
        try Data(contentsOf: file).dropLast(100).write(to: file)
      }
      #expect(cut.contains("\(name): it cannot be decoded"), "\(cut)")
    }
  }

  @Test("a file that is cut anywhere, or has any byte changed, is read or refused, and nothing else happens")
  func damaged() throws {
    for name in ["palette.png", "grey.jpg"] {
      let whole = try Data(contentsOf: Self.recorded.appending(path: name))
      var (readCount, refusedCount) = (0, 0)
      try Self.withFolder(["a/\(name)": name]) { root in
        let file = root.appending(path: "a/\(name)")
        for place in 0..<whole.count {
          for damaged in [
            whole.prefix(place), whole.prefix(place) + [whole[place] ^ 0xFF] + whole.dropFirst(place + 1),
          ] {
            try damaged.write(to: file)
            do throws(NetworkError) {
              let data = try ImageFolder.read(root, name: "x", threads: 1)
              #expect(data.count == 1 && data.imageShape.count <= ImageFolder.greatestPixelCount * 3)
              readCount += 1
            } catch {
              #expect("\(error)".contains(name))
              refusedCount += 1
            }
          }
        }
      }
      // Nothing is read of a file that is cut in its header; a colour that is changed is no fault.
      #expect(refusedCount > whole.count / 2 && readCount + refusedCount == 2 * whole.count)
    }
  }
}
