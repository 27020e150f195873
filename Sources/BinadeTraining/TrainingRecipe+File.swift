import BinadeFormats
import BinadeNetworks
import Foundation

extension TrainingRecipe {
  /// The defaults for some images: mirror images of digits are none.
  public init(for images: ImageDataset) {
    self.init()
    if images.imageShape.channels == 1 { augmentation = Augmentation(padding: 2, flips: false, cutout: 0) }
  }

  /// Takes over the settings of a YAML file of `key: value` lines.
  ///
  /// Throws `FormatDefinitionError` for what is no such file, and ``TrainingError/malformedRecipe(file:line:reason:)``.
  public mutating func set(contentsOf url: URL) throws {
    for entry in try PlainMapping(contentsOf: url).entries {
      do { try set(entry.key, to: entry.value) } catch {
        throw TrainingError.malformedRecipe(
          file: entry.place.file,
          line: entry.place.line,
          reason: "\(error)"
        )
      }
    }
  }
}
