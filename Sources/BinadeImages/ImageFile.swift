import BinadeNetworks
import BinadeNumerics
import CPNG
import CTurboJPEG
import Foundation

/// One JPEG or PNG file: what its header says, and its pixels.
///
/// Decoded by libjpeg-turbo and libpng. The header decides what memory is asked for, after its bounds are checked.
struct ImageFile {
  /// The kinds that are read, by their first bytes.
  private enum Kind {
    case jpeg, png
  }

  private let kind: Kind
  private let bytes: [UInt8]
  private let name: String
  /// Channels of the file (1 or 3; transparency is left out), rows and columns.
  let shape: ImageShape

  /// Images of more pixels are refused.
  static let greatestPixelCount = 1 << 26
  /// Files of more bytes are refused.
  static let greatestFileSize = 1 << 28
  /// Endings that are looked at.
  static let endings: Set<String> = ["jpg", "jpeg", "png"]

  /// Reads the header of a file.
  init(contentsOf url: URL) throws(NetworkError) {
    name = url.relativePath
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw .unreadable(file: url.relativePath, reason: "no such file, or no permission to read it")
    }
    guard data.count <= Self.greatestFileSize else {
      throw .malformed(
        file: name,
        reason: "\(data.count) bytes; images have at most \(Self.greatestFileSize)"
      )
    }
    bytes = Array(data)
    if bytes.starts(with: [0xFF, 0xD8]) {
      kind = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      kind = .png
    } else {
      throw .malformed(file: name, reason: "neither a JPEG nor a PNG image")
    }
    shape = kind == .jpeg ? try Self.jpegShape(bytes, name) : try Self.pngShape(bytes, name)
    guard shape.height > 0, shape.width > 0, shape.height <= Self.greatestPixelCount / shape.width else {
      throw .malformed(
        file: name,
        reason: "\(shape.height)×\(shape.width) pixels; images have 1 to \(Self.greatestPixelCount)"
      )
    }
  }

  /// Decodes the pixels.
  ///
  /// `channels`: 1 for grey, 3 for red, green and blue.
  ///
  /// - Shape: the result is channels x height x width.
  func pixels(channels: Int) throws(NetworkError) -> [UInt8] {
    let interleaved = kind == .jpeg ? try jpegPixels(channels) : try pngPixels(channels)
    guard channels > 1 else { return interleaved }
    let count = shape.height * shape.width
    return [UInt8](unsafeUninitializedCapacity: channels * count) { planes, used in
      for channel in 0..<channels {
        for pixel in 0..<count { planes[channel * count + pixel] = interleaved[pixel * channels + channel] }
      }
      used = channels * count
    }
  }

  private static func jpegShape(_ bytes: [UInt8], _ name: String) throws(NetworkError) -> ImageShape {
    guard let handle = tjInitDecompress() else {
      throw .malformed(file: name, reason: "no memory to decode it")
    }
    defer { tjDestroy(handle) }
    var (width, height, sampling, space): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    guard
      tjDecompressHeader3(handle, bytes, UInt(bytes.count), &width, &height, &sampling, &space) == 0
    else { throw .malformed(file: name, reason: message(handle)) }
    let isGrey = space == Int32(TJCS_GRAY.rawValue)
    return ImageShape(channels: isGrey ? 1 : 3, height: Int(height), width: Int(width))
  }

  private func jpegPixels(_ channels: Int) throws(NetworkError) -> [UInt8] {
    guard let handle = tjInitDecompress() else {
      throw .malformed(file: name, reason: "no memory to decode it")
    }
    defer { tjDestroy(handle) }
    let format = channels == 1 ? TJPF_GRAY : TJPF_RGB
    var failed = false
    let pixels = [UInt8](unsafeUninitializedCapacity: shape.height * shape.width * channels) { target, used in
      // The accurate transform, as PyTorch's readers use it.
      failed =
        tjDecompress2(
          handle,
          bytes,
          UInt(bytes.count),
          target.baseAddress,
          Int32(shape.width),
          0,
          Int32(shape.height),
          Int32(format.rawValue),
          TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING
        ) != 0
      used = failed ? 0 : shape.height * shape.width * channels
    }
    guard !failed else { throw .malformed(file: name, reason: Self.message(handle)) }
    return pixels
  }

  private static func message(_ handle: tjhandle) -> String {
    "it cannot be decoded: "
      + PrintableText.excerpt(tjGetErrorStr2(handle).map { String(cString: $0) } ?? "damaged")
  }

  private static func pngShape(_ bytes: [UInt8], _ name: String) throws(NetworkError) -> ImageShape {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    guard png_image_begin_read_from_memory(&image, bytes, bytes.count) != 0 else {
      throw .malformed(file: name, reason: message(image))
    }
    return ImageShape(
      channels: binade_png_is_colour(&image) != 0 ? 3 : 1,
      height: Int(image.height),
      width: Int(image.width)
    )
  }

  private func pngPixels(_ channels: Int) throws(NetworkError) -> [UInt8] {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    // The library keeps no copy: the bytes must stay where they are until the image is finished.
    let pixels = bytes.withUnsafeBytes { source -> [UInt8]? in
      guard png_image_begin_read_from_memory(&image, source.baseAddress, source.count) != 0 else {
        return nil
      }
      image.format = channels == 1 ? binade_png_gray : binade_png_rgb
      var failed = false
      let pixels = [UInt8](unsafeUninitializedCapacity: shape.height * shape.width * channels) {
        target,
        used in
        var background = png_color(red: 0, green: 0, blue: 0)
        failed = png_image_finish_read(&image, &background, target.baseAddress, 0, nil) == 0
        used = failed ? 0 : shape.height * shape.width * channels
      }
      return failed ? nil : pixels
    }
    guard let pixels else { throw .malformed(file: name, reason: Self.message(image)) }
    return pixels
  }

  private static func message(_ image: png_image) -> String {
    let text = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return "it cannot be decoded: " + PrintableText.excerpt(text.isEmpty ? "damaged" : text)
  }
}
