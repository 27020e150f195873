import BinadeKernels
import BinadeNetworks
import Foundation

/// A folder of JPEG and PNG images, a subfolder for each class: classes are the subfolders in the order of their names.
///
/// All images have the same size; where one has colours, grey ones become three equal channels. They are decoded on all
/// threads when the folder is read.
public enum ImageFolder {
  /// Labels are bytes.
  private static let greatestClassCount = 256
  /// Bytes of all decoded images.
  private static let greatestByteCount = 4 << 30

  private struct Source {
    let url: URL
    let label: UInt8
  }

  /// Images of more pixels are refused.
  public static let greatestPixelCount = ImageFile.greatestPixelCount

  /// The names of the classes: subfolders that are not hidden.
  public static func classes(in url: URL) throws(NetworkError) -> [String] {
    try names(in: url).filter { isFolder(url.appending(path: $0)) }
  }

  /// Reads a folder.
  ///
  /// `classes`: what the subfolders must be; those that are there by default. `name`: for reports.
  ///
  /// Throws ``NetworkError`` for no images, another subfolder, images of different sizes, and what cannot be decoded; the first of several by
  /// name.
  public static func read(_ url: URL, classes expected: [String]? = nil, name: String, threads: Int)
    throws(NetworkError) -> ImageDataset
  {
    let classes = try classes(in: url)
    if let expected, classes != expected {
      let other = Set(classes).symmetricDifference(expected).min() ?? ""
      throw .malformed(
        file: url.relativePath,
        reason: "its classes are not those of the training images: '\(other)' is in one of them only"
      )
    }
    guard (1...greatestClassCount).contains(classes.count) else {
      throw .malformed(
        file: url.relativePath,
        reason: "\(classes.count) subfolders; there are 1 to \(greatestClassCount) classes"
      )
    }
    var sources: [Source] = []
    for (label, className) in classes.enumerated() {
      let folder = url.appending(path: className)
      for file in try names(in: folder)
      where ImageFile.endings.contains((file as NSString).pathExtension.lowercased()) {
        sources.append(Source(url: folder.appending(path: file), label: UInt8(label)))
      }
    }
    guard !sources.isEmpty else {
      throw .malformed(file: url.relativePath, reason: "no .jpg, .jpeg or .png file in its subfolders")
    }
    let shape = try commonShape(sources, threads)
    guard sources.count <= greatestByteCount / shape.count else {
      throw .malformed(
        file: url.relativePath,
        reason: "\(sources.count) images of \(shape) are too many for memory"
      )
    }
    let decoded = try all(sources, threads) { source throws(NetworkError) in
      try ImageFile(contentsOf: source.url).pixels(channels: shape.channels)
    }
    return try ImageDataset(
      name: name,
      imageShape: shape,
      classCount: classes.count,
      images: decoded.flatMap { $0 },
      labels: sources.map(\.label)
    )
  }

  /// The size of all images, with three channels where one has colours.
  private static func commonShape(_ sources: [Source], _ threads: Int) throws(NetworkError) -> ImageShape {
    let shapes = try all(sources, threads) { source throws(NetworkError) in
      try ImageFile(contentsOf: source.url).shape
    }
    var shape = shapes[0]
    for (source, other) in zip(sources, shapes) {
      guard other.height == shape.height, other.width == shape.width else {
        throw .malformed(
          file: source.url.relativePath,
          reason: "\(other.height)×\(other.width) pixels where \(sources[0].url.lastPathComponent) has "
            + "\(shape.height)×\(shape.width); all images of a folder have one size"
        )
      }
      shape.channels = max(shape.channels, other.channels)
    }
    return shape
  }

  /// The results of all files in their order, or the first error.
  private static func all<Result: Sendable>(
    _ sources: [Source],
    _ threads: Int,
    _ body: (Source) throws(NetworkError) -> Result
  ) throws(NetworkError) -> [Result] {
    let results = ParallelLoop.map(count: sources.count, threads: threads) {
      index -> Swift.Result<Result, NetworkError> in
      do throws(NetworkError) { return .success(try body(sources[index])) } catch { return .failure(error) }
    }
    var values: [Result] = []
    values.reserveCapacity(results.count)
    for result in results { values.append(try result.get()) }
    return values
  }

  private static func names(in url: URL) throws(NetworkError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: url.path).filter { !$0.hasPrefix(".") }
        .sorted()
    } catch {
      throw .unreadable(file: url.relativePath, reason: "no such folder, or no permission to list it")
    }
  }

  private static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
  }
}

extension DatasetFolder {
  /// Opens whatever ``init(_:)`` opens, or a folder with the subfolders `train` and `test` (or `val`) of images, a subfolder for
  /// each class.
  public static func open(_ url: URL, threads: Int) throws(NetworkError) -> DatasetFolder {
    func subfolder(_ names: [String]) -> URL? {
      names.map { url.appending(path: $0) }.first { (try? ImageFolder.classes(in: $0)) != nil }
    }
    guard let test = subfolder(["test", "val"]) else { return try DatasetFolder(url) }
    let name = url.lastPathComponent
    let training = try subfolder(["train"]).map { train throws(NetworkError) in
      try ImageFolder.read(train, name: "\(name) train", threads: threads)
    }
    let classes = try subfolder(["train"]).map { train throws(NetworkError) in
      try ImageFolder.classes(in: train)
    }
    return DatasetFolder(
      evaluation: try ImageFolder.read(
        test,
        classes: classes,
        name: "\(name) \(test.lastPathComponent)",
        threads: threads
      ),
      training: training
    )
  }
}
