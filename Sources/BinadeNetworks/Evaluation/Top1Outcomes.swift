/// Which images a network got right, one bit each: what paired tests of two runs need.
///
/// As text, in results.json, it is the number of images and a string of hexadecimal digits: four images each, the first one the
/// highest bit.
public struct Top1Outcomes: Sendable, Hashable {
  /// In the order of the images.
  public let isRight: [Bool]

  /// Creates outcomes.
  public init(_ isRight: [Bool]) { self.isRight = isRight }
}

extension Top1Outcomes: Codable {
  private enum CodingKeys: String, CodingKey {
    case imageCount, hexadecimal
  }

  /// Writes the count and the digits.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(isRight.count, forKey: .imageCount)
    let digits = stride(from: 0, to: isRight.count, by: 4).map { first in
      (0..<4).reduce(0) { 2 * $0 + (first + $1 < isRight.count && isRight[first + $1] ? 1 : 0) }
    }
    try container.encode(digits.map { String($0, radix: 16) }.joined(), forKey: .hexadecimal)
  }

  /// Reads as many outcomes as the count says; refuses digits that are too few, too many or none.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let count = try container.decode(Int.self, forKey: .imageCount)
    let text = try container.decode(String.self, forKey: .hexadecimal)
    let bits = text.compactMap(\.hexDigitValue).flatMap { digit in (0..<4).map { digit >> (3 - $0) & 1 == 1 }
    }
    // As many digits as characters, and as many as the images need; bits beyond the last image are 0.
    guard count >= 0, bits.count == 4 * text.count, count <= bits.count, bits.count - count < 4,
      !bits[count...].contains(true)
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .hexadecimal,
        in: container,
        debugDescription: "expected a hexadecimal digit for every four of \(count) images, found "
          + "\(text.count) characters"
      )
    }
    self.init(Array(bits[..<count]))
  }
}
