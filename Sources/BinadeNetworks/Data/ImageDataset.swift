import Foundation

/// Labelled images of bytes, as they stand in their files; they become numbers when an image is asked for.
public struct ImageDataset: Sendable {
  /// Images and labels of one file (or of a file each), at even distances.
  struct Records: Sendable {
    var images: Data
    var imageStart: Int
    var imageStride: Int
    var labels: Data
    var labelStart: Int
    var labelStride: Int
    var count: Int
  }

  /// For reports: `cifar10 test`.
  public let name: String
  /// Channels, rows and columns of every image.
  public let imageShape: ImageShape
  /// Labels are 0 ..< classCount.
  public let classCount: Int
  private let parts: [Records]

  /// The number of images.
  public var count: Int { parts.reduce(0) { $0 + $1.count } }

  init(name: String, imageShape: ImageShape, classCount: Int, parts: [(file: String, Records)])
    throws(NetworkError)
  {
    self.name = name
    self.imageShape = imageShape
    self.classCount = classCount
    self.parts = parts.map { $0.1 }
    for (file, part) in parts {
      for record in 0..<part.count {
        let label = Int(part.labels[part.labels.startIndex + part.labelStart + record * part.labelStride])
        guard label < classCount else {
          throw .labelOutOfRange(
            file: file,
            record: record,
            label: label,
            classCount: classCount
          )
        }
      }
    }
  }

  /// Images in memory.
  ///
  /// Throws when a label is no class.
  ///
  /// - Shape: `images` is labels.count x channels x height x width.
  /// - Precondition: as many bytes as the shape says.
  public init(name: String, imageShape: ImageShape, classCount: Int, images: [UInt8], labels: [UInt8])
    throws(NetworkError)
  {
    precondition(
      images.count == labels.count * imageShape.count,
      "\(images.count) bytes for \(labels.count) images"
    )
    let records = Records(
      images: Data(images),
      imageStart: 0,
      imageStride: imageShape.count,
      labels: Data(labels),
      labelStart: 0,
      labelStride: 1,
      count: labels.count
    )
    try self.init(name: name, imageShape: imageShape, classCount: classCount, parts: [(name, records)])
  }

  private init(copying other: ImageDataset, parts: [Records]) {
    name = other.name
    imageShape = other.imageShape
    classCount = other.classCount
    self.parts = parts
  }

  /// Mean 0 and standard deviation 1 in each channel, as the usual constants of the data have it: those of ImageNet for
  /// colours, those of MNIST for one channel.
  public var usualNormalization: Normalization {
    switch imageShape.channels {
    case 3: Normalization(mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])
    case 1: Normalization(mean: [0.1307], standardDeviation: [0.3081])
    default:
      Normalization(
        mean: Array(repeating: 0.5, count: imageShape.channels),
        standardDeviation: Array(repeating: 0.25, count: imageShape.channels)
      )
    }
  }

  /// The first `limit` images.
  public func prefix(_ limit: Int) -> ImageDataset {
    var left = limit
    let kept = parts.compactMap { part -> Records? in
      guard left > 0 else { return nil }
      var shorter = part
      shorter.count = min(part.count, left)
      left -= shorter.count
      return shorter
    }
    return ImageDataset(copying: self, parts: kept)
  }

  /// The images of `range`.
  ///
  /// - Precondition: the range is within the data set.
  public func slice(_ range: Range<Int>) -> ImageDataset {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "images \(range) of \(count)")
    var first = 0
    let kept = parts.compactMap { part -> Records? in
      defer { first += part.count }
      let own = range.clamped(to: first..<first + part.count)
      guard !own.isEmpty else { return nil }
      var shorter = part
      shorter.imageStart += (own.lowerBound - first) * part.imageStride
      shorter.labelStart += (own.lowerBound - first) * part.labelStride
      shorter.count = own.count
      return shorter
    }
    return ImageDataset(copying: self, parts: kept)
  }

  /// The class of image `index`.
  ///
  /// - Precondition: `index < count`.
  public func label(_ index: Int) -> Int {
    let (part, record) = locate(index)
    return Int(part.labels[part.labels.startIndex + part.labelStart + record * part.labelStride])
  }

  /// The classes of all images.
  public var labels: [Int] { (0..<count).map(label) }

  /// Writes image `index`, normalized, to `output`.
  ///
  /// - Shape: `output` holds `imageShape.count` elements, channels innermost.
  /// - Precondition: `index < count`.
  public func copyImage(
    _ index: Int,
    normalization: Normalization,
    into output: UnsafeMutablePointer<Float>
  ) {
    let (part, record) = locate(index)
    let planeSize = imageShape.height * imageShape.width
    part.images.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
      let start = part.imageStart + record * part.imageStride
      for channel in 0..<imageShape.channels {
        let plane = start + channel * planeSize
        for pixel in 0..<planeSize {
          output[pixel * imageShape.channels + channel] = normalization.input(
            bytes[plane + pixel],
            channel: channel
          )
        }
      }
    }
  }

  /// A hash of all images and labels in their order (FNV-1a, eight bytes at a time): it tells change, not forgery.
  package var fingerprint: UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ word: UInt64) { hash = (hash ^ word) &* 0x100_0000_01B3 }
    for part in parts {
      part.images.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
        for record in 0..<part.count {
          let start = part.imageStart + record * part.imageStride
          let end = start + imageShape.count
          for place in stride(from: start, to: end, by: 8) {
            add(
              place + 8 <= end
                ? bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self).littleEndian
                : (place..<end).reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
            )
          }
        }
      }
    }
    for label in labels { add(UInt64(label)) }
    return hash
  }

  private func locate(_ index: Int) -> (Records, Int) {
    var record = index
    for part in parts {
      if record < part.count { return (part, record) }
      record -= part.count
    }
    preconditionFailure("image \(index) of \(count)")
  }
}
