import Foundation

/// The binary version of CIFAR-10: records of one label byte and 3 x 1,024 pixel bytes.
///
/// - Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
public enum CIFAR10 {
  private static let recordSize = 3073

  /// Reads one or more files as one data set.
  public static func read(_ files: [URL], name: String) throws(NetworkError) -> ImageDataset {
    var parts: [(file: String, ImageDataset.Records)] = []
    for file in files {
      let data = try FileBytes.read(file)
      guard !data.isEmpty, data.count % recordSize == 0 else {
        throw .malformed(
          file: file.relativePath,
          reason: "\(data.count) bytes; a CIFAR-10 file is a multiple of \(recordSize) bytes"
        )
      }
      parts.append(
        (
          file.relativePath,
          ImageDataset.Records(
            images: data,
            imageStart: 1,
            imageStride: recordSize,
            labels: data,
            labelStart: 0,
            labelStride: recordSize,
            count: data.count / recordSize
          )
        )
      )
    }
    return try ImageDataset(
      name: name,
      imageShape: ImageShape(channels: 3, height: 32, width: 32),
      classCount: 10,
      parts: parts
    )
  }
}
