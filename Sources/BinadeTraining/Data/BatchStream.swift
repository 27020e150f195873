import BinadeKernels
import BinadeNetworks

/// Batches of images, augmented and normalized, by number of step.
package struct BatchStream: Sendable {
  let images: ImageDataset
  let normalization: Normalization
  let augmentation: Augmentation
  let batch: Int
  let seed: UInt64
  /// Whether images that fill no whole batch are left out of the epoch.
  let dropsLast: Bool

  /// Batches of `images`.
  package init(
    images: ImageDataset,
    normalization: Normalization,
    augmentation: Augmentation,
    batch: Int,
    seed: UInt64,
    dropsLast: Bool
  ) {
    (self.images, self.normalization, self.augmentation) = (images, normalization, augmentation)
    (self.batch, self.seed, self.dropsLast) = (batch, seed, dropsLast)
  }

  /// Steps of an epoch.
  var stepsPerEpoch: Int { dropsLast ? images.count / batch : (images.count + batch - 1) / batch }

  /// The numbers of the images of a step.
  ///
  /// `order`: of the step's epoch.
  func images(ofStep step: Int, order: [Int]) -> ArraySlice<Int> {
    let first = step % stepsPerEpoch * batch
    return order[first..<min(first + batch, order.count)]
  }

  /// Writes images, as `epoch` has them, and returns their labels.
  ///
  /// - Shape: `output` holds images x height x width x channels.
  package func fill(_ output: UnsafeMutablePointer<Float>, _ numbers: [Int], epoch: Int, threads: Int)
    -> [Int]
  {
    let shape = images.imageShape
    ParallelLoop.run(count: numbers.count, threads: threads) { place in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: shape.count) { plain in
        guard let plain = plain.baseAddress else { return }
        images.copyImage(numbers[place], normalization: normalization, into: plain)
        let choice = augmentation.choice(
          image: numbers[place],
          epoch: epoch,
          seed: seed,
          height: shape.height,
          width: shape.width
        )
        Self.apply(choice, plain, shape, into: output + place * shape.count)
      }
    }
    return numbers.map { images.label($0) }
  }

  /// Cuts, mirrors and blanks one image.
  private static func apply(
    _ choice: Augmentation.Choice,
    _ image: UnsafePointer<Float>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Float>
  ) {
    let channels = shape.channels
    for y in 0..<shape.height {
      for x in 0..<shape.width {
        let target = output + (y * shape.width + x) * channels
        let row = y + choice.row
        let column = (choice.isFlipped ? shape.width - 1 - x : x) + choice.column
        let isCut = choice.cut.rows.contains(y) && choice.cut.columns.contains(x)
        if isCut || !(0..<shape.height).contains(row) || !(0..<shape.width).contains(column) {
          target.update(repeating: 0, count: channels)
        } else {
          target.update(from: image + (row * shape.width + column) * channels, count: channels)
        }
      }
    }
  }
}
