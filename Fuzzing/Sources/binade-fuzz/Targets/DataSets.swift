import Binade
import Foundation

/// Images and labels.
enum DataSets {
  /// The IDX files of MNIST: two bytes say how many of the rest are the images', what is left are the labels.
  static func idx(_ data: Data) {
    guard data.count >= 2 else { return }
    let count = min(Int(data[0]) | Int(data[1]) << 8, data.count - 2)
    let images = ScratchFile.write(data[2..<2 + count], as: "images")
    let labels = ScratchFile.write(data[(2 + count)...], as: "labels")
    defer {
      ScratchFile.remove(images)
      ScratchFile.remove(labels)
    }
    look(at: try? MNIST.read(images: images, labels: labels, name: "x"), channels: 1)
  }

  /// A file of CIFAR-10 records.
  static func cifar(_ data: Data) {
    let url = ScratchFile.write(data, as: "cifar")
    defer { ScratchFile.remove(url) }
    look(at: try? CIFAR10.read([url], name: "x"), channels: 3)
  }

  /// Copies the first and last image; labels are within the classes.
  private static func look(at images: ImageDataset?, channels: Int) {
    guard let images, images.count > 0, images.imageShape.count < 1 << 20 else { return }
    let normalization = Normalization(
      mean: Array(repeating: 0.5, count: channels),
      standardDeviation: Array(repeating: 0.25, count: channels)
    )
    var pixels = [Float](repeating: .nan, count: images.imageShape.count)
    for index in [0, images.count - 1] {
      precondition((0..<images.classCount).contains(images.label(index)), "a label outside the classes")
      images.copyImage(index, normalization: normalization, into: &pixels)
      precondition(!pixels.contains(where: \.isNaN), "a pixel was left out")
    }
  }
}
