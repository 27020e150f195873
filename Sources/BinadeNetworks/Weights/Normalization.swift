import BinadeNumerics
import Foundation

/// How pixel bytes become network inputs: `(byte / 255 - mean) / standardDeviation` per channel, in Float32.
public struct Normalization: Sendable, Hashable {
  /// Per channel, of values 0 to 1.
  public let mean: [Float]
  /// Per channel.
  public let standardDeviation: [Float]

  /// Creates a normalization.
  ///
  /// - Precondition: as many deviations as means.
  public init(mean: [Float], standardDeviation: [Float]) {
    precondition(mean.count == standardDeviation.count, "one deviation per mean")
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// Reads `mean` and `std`; without them, ImageNet's for three channels and none for others.
  init(metadata file: SafetensorsFile, channels: Int) throws(NetworkError) {
    let isColour = channels == 3
    mean = try Self.numbers(
      "mean",
      file,
      channels,
      isColour ? [0.485, 0.456, 0.406] : Array(repeating: 0, count: channels)
    )
    standardDeviation = try Self.numbers(
      "std",
      file,
      channels,
      isColour ? [0.229, 0.224, 0.225] : Array(repeating: 1, count: channels)
    )
  }

  private static func numbers(
    _ key: String,
    _ file: SafetensorsFile,
    _ channels: Int,
    _ fallback: [Float]
  ) throws(NetworkError) -> [Float] {
    guard let text = file.metadata[key] else { return fallback }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Float($0.trimmingCharacters(in: .whitespaces)) }
    guard parts.count == channels, numbers.count == channels,
      numbers.allSatisfy({ $0.isFinite && (key != "std" || $0 > 0) })
    else {
      throw .malformed(
        file: file.name,
        reason:
          "the metadata '\(key)' is '\(PrintableText.excerpt(text))'; expected \(channels) number\(channels == 1 ? "" : "s")"
      )
    }
    return numbers
  }

  /// The input value of a byte in a channel.
  func input(_ byte: UInt8, channel: Int) -> Float {
    (Float(byte) / 255 - mean[channel]) / standardDeviation[channel]
  }
}
