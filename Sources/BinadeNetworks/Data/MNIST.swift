import Foundation

/// The IDX files of MNIST: images and labels in a file each, big-endian headers.
///
/// - Source: LeCun, Cortes and Burges, THE MNIST DATABASE of handwritten digits.
public enum MNIST {
  /// Reads one pair of files.
  public static func read(images: URL, labels: URL, name: String) throws(NetworkError)
    -> ImageDataset
  {
    let (imageData, extents) = try readIDX(images, dimensions: 3)
    let (labelData, labelExtents) = try readIDX(labels, dimensions: 1)
    guard labelExtents[0] == extents[0] else {
      throw .malformed(
        file: labels.relativePath,
        reason: "\(labelExtents[0]) labels for \(extents[0]) images"
      )
    }
    return try ImageDataset(
      name: name,
      imageShape: ImageShape(channels: 1, height: extents[1], width: extents[2]),
      classCount: 10,
      parts: [
        (
          labels.relativePath,
          ImageDataset.Records(
            images: imageData,
            imageStart: 16,
            imageStride: extents[1] * extents[2],
            labels: labelData,
            labelStart: 8,
            labelStride: 1,
            count: extents[0]
          )
        )
      ]
    )
  }

  /// Reads an IDX file of unsigned bytes and checks its header against its size.
  private static func readIDX(_ url: URL, dimensions: Int) throws(NetworkError) -> (Data, [Int]) {
    let data = try FileBytes.read(url)
    let file = url.relativePath
    let headerSize = 4 + 4 * dimensions
    guard data.count >= headerSize else {
      throw .malformed(file: file, reason: "\(data.count) bytes; the IDX header alone has \(headerSize)")
    }
    let magic = data.bigEndian(UInt32.self, at: 0)
    guard magic == 0x0800 + UInt32(dimensions) else {
      throw .malformed(
        file: file,
        reason:
          "the magic number is 0x\(String(magic, radix: 16)); expected 0x8\(String(format: "%02x", dimensions)) (unsigned bytes, \(dimensions) dimension\(dimensions == 1 ? "" : "s"))"
      )
    }
    let extents = (0..<dimensions).map { Int(data.bigEndian(UInt32.self, at: 4 + 4 * $0)) }
    var size = headerSize
    var overflow = false
    var product = 1
    for extent in extents {
      let (next, overflows) = product.multipliedReportingOverflow(by: extent)
      product = next
      overflow = overflow || overflows
    }
    size = size &+ product
    guard !overflow, product > 0, size == data.count else {
      throw .malformed(
        file: file,
        reason: "\(data.count) bytes for extents \(extents); truncated, or not the file it claims to be"
      )
    }
    return (data, extents)
  }
}
