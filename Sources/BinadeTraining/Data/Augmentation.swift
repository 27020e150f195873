import BinadeNumerics

/// What is done to training images, drawn for each image and epoch: a crop of the image within a rim of zeros, a mirror
/// image, a square that is cut out.
///
/// The rim is 0 after normalization, the mean colour.
public struct Augmentation: Sendable, Hashable {
  /// Pixels of the rim that crops may reach into; 0 for no crop.
  public var padding: Int
  /// Whether half of the images are mirrored.
  public var flips: Bool
  /// Sides of the square that is cut out, which may reach beyond the image; 0 for none (DeVries and Taylor, 2017).
  public var cutout: Int

  /// Nothing is done.
  public static let none = Augmentation(padding: 0, flips: false, cutout: 0)
  /// The standard for CIFAR: 4 pixels, mirror images.
  public static let standard = Augmentation(padding: 4, flips: true, cutout: 0)

  /// Creates an augmentation.
  public init(padding: Int, flips: Bool, cutout: Int) {
    (self.padding, self.flips, self.cutout) = (padding, flips, cutout)
  }

  /// What happens to one image.
  struct Choice: Sendable, Hashable {
    /// Where the crop begins, from the image's corner.
    var row = 0, column = 0
    var isFlipped = false
    /// The pixels that become 0, in the result.
    var cut: (rows: Range<Int>, columns: Range<Int>) = (0..<0, 0..<0)

    static func == (one: Choice, other: Choice) -> Bool {
      (one.row, one.column, one.isFlipped) == (other.row, other.column, other.isFlipped)
        && one.cut == other.cut
    }

    func hash(into hasher: inout Hasher) {
      for number in [row, column, isFlipped ? 1 : 0, cut.rows.lowerBound, cut.columns.lowerBound] {
        hasher.combine(number)
      }
    }
  }

  /// The choice for an image in an epoch: a function of both and the seed, not of batches or threads.
  func choice(image: Int, epoch: Int, seed: UInt64, height: Int, width: Int) -> Choice {
    let generator = RandomPurpose.augmentation.generator(seed: seed, step: epoch)
    let words = generator.words(ofBlock: UInt64(image) * 2)
    let more = generator.words(ofBlock: UInt64(image) * 2 + 1)
    /// 0 ..< count, by the upper half of a product: no modulo.
    func draw(_ word: UInt32, _ count: Int) -> Int { Int((UInt64(word) * UInt64(count)) >> 32) }
    var choice = Choice()
    choice.row = draw(words.x, 2 * padding + 1) - padding
    choice.column = draw(words.y, 2 * padding + 1) - padding
    choice.isFlipped = flips && words.z < 1 << 31
    if cutout > 0 {
      func square(_ word: UInt32, _ extent: Int) -> Range<Int> {
        let first = draw(word, extent) - cutout / 2
        return max(0, first)..<min(extent, first + cutout)
      }
      choice.cut = (square(words.w, height), square(more.x, width))
    }
    return choice
  }
}

/// What random words are for: each purpose has words of its own.
enum RandomPurpose: UInt32 {
  case order = 0xB1AD_0001
  case augmentation = 0xB1AD_0002
  case operands = 0xB1AD_0003
  case path = 0xB1AD_0004
  case evolution = 0xB1AD_0005

  func generator(seed: UInt64, step: Int) -> CounterGenerator {
    CounterGenerator(seed: seed, tensor: rawValue, step: UInt32(truncatingIfNeeded: step))
  }
}
