import Foundation

/// Whether a program that draws has written all of a picture: gnuplot says nothing when the disk is full.
enum PictureCheck {
  /// The last chunk of every PNG: of length 0, `IEND`, and its checksum.
  private static let endOfPNG: [UInt8] = [0, 0, 0, 0] + Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82]
  private static let startOfPNG: [UInt8] = [0x89] + Array("PNG\r\n".utf8) + [0x1A, 0x0A]
  private static let endOfSVG = Array("</svg>".utf8)

  /// What is wrong with the picture, nil when it is whole; its ending says what it should be.
  static func fault(of file: URL) -> String? {
    guard let data = try? Data(contentsOf: file) else { return "it was not written" }
    guard !data.isEmpty else { return "it is empty; is the disk full?" }
    let isWhole: Bool
    switch file.pathExtension {
    case "png": isWhole = data.starts(with: startOfPNG) && data.suffix(endOfPNG.count) == Data(endOfPNG)
    case "svg":
      let end = data.lastIndex { !($0 == 0x20 || (0x09...0x0D).contains($0)) } ?? data.startIndex
      isWhole = data.starts(with: Array("<".utf8)) && data[...end].suffix(endOfSVG.count) == Data(endOfSVG)
    default: isWhole = true
    }
    return isWhole ? nil : "it ends after \(data.count) bytes, in its middle; is the disk full?"
  }
}
