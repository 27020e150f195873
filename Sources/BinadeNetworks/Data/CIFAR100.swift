import Foundation

/// The binary version of CIFAR-100: records of a coarse label, a fine label and 3 x 1,024 pixel bytes; the fine ones count.
///
/// - Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
public enum CIFAR100 {
  private static let recordSize = 3074

  /// Reads one file.
  public static func read(_ file: URL, name: String) throws(NetworkError) -> ImageDataset {
    let data = try FileBytes.read(file)
    guard !data.isEmpty, data.count % recordSize == 0 else {
      throw .malformed(
        file: file.relativePath,
        reason: "\(data.count) bytes; a CIFAR-100 file is a multiple of \(recordSize) bytes"
      )
    }
    return try ImageDataset(
      name: name,
      imageShape: ImageShape(channels: 3, height: 32, width: 32),
      classCount: 100,
      parts: [
        (
          file.relativePath,
          ImageDataset.Records(
            images: data,
            imageStart: 2,
            imageStride: recordSize,
            labels: data,
            labelStart: 1,
            labelStride: recordSize,
            count: data.count / recordSize
          )
        )
      ]
    )
  }
}
