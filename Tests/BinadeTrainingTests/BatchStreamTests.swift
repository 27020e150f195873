import BinadeNetworks
import BinadeTraining
import Testing

/// Which images a step sees, and what is done to them.
@Suite struct BatchStreamTests {
  @Test("an epoch has every image once, in an order of its own")
  func order() {
    let first = EpochOrder.images(count: 1000, epoch: 0, seed: 1)
    #expect(first.sorted() == Array(0..<1000))
    #expect(first == EpochOrder.images(count: 1000, epoch: 0, seed: 1))
    #expect(first != EpochOrder.images(count: 1000, epoch: 1, seed: 1))
    #expect(first != EpochOrder.images(count: 1000, epoch: 0, seed: 2))
  }

  private static let graph = TrainingPassTests.graph("A")

  private func stream(_ augmentation: Augmentation, batch: Int) throws -> BatchStream {
    BatchStream(
      images: try TestImages.of(Self.graph, count: 20),
      normalization: TestImages.normalization(Self.graph),
      augmentation: augmentation,
      batch: batch,
      seed: 3,
      dropsLast: true
    )
  }

  private func images(_ stream: BatchStream, _ numbers: [Int], epoch: Int, threads: Int = 1) -> [[Float]] {
    let size = Self.graph.inputShape.count
    var output = [Float](repeating: .nan, count: numbers.count * size)
    _ = output.withUnsafeMutableBufferPointer {
      stream.fill($0.baseAddress!, numbers, epoch: epoch, threads: threads)
    }
    return numbers.indices.map { Array(output[$0 * size..<($0 + 1) * size]) }
  }

  @Test("what is done to an image depends on image, epoch and seed alone: not on its batch, nor on threads")
  func independent() throws {
    let augmentation = Augmentation(padding: 2, flips: true, cutout: 3)
    let stream = try stream(augmentation, batch: 4)
    let together = images(stream, Array(0..<20), epoch: 1, threads: 3)
    for number in 0..<20 { #expect(images(stream, [number], epoch: 1)[0] == together[number]) }
    #expect(images(stream, Array(0..<20), epoch: 2) != together)
  }

  @Test("without augmentation images are as they are; crops move them by at most the rim, and bring zeros in")
  func crop() throws {
    let plain = images(try stream(.none, batch: 4), Array(0..<20), epoch: 0)
    let shape = Self.graph.inputShape
    let moved = images(
      try stream(Augmentation(padding: 1, flips: true, cutout: 0), batch: 4),
      Array(0..<20),
      epoch: 0
    )
    var seen: Set<[Int]> = []
    for (image, original) in zip(moved, plain) {
      // The one shift that explains every pixel.
      let shifts = (-1...1).flatMap { dy in (-1...1).flatMap { dx in [[dy, dx, 0], [dy, dx, 1]] } }
      let explaining = shifts.filter { shift in
        (0..<shape.height).allSatisfy { y in
          (0..<shape.width).allSatisfy { x in
            let (row, column) = (y + shift[0], (shift[2] == 1 ? shape.width - 1 - x : x) + shift[1])
            let inside = (0..<shape.height).contains(row) && (0..<shape.width).contains(column)
            return (0..<shape.channels).allSatisfy { c in
              let found = image[(y * shape.width + x) * shape.channels + c]
              return found == (inside ? original[(row * shape.width + column) * shape.channels + c] : 0)
            }
          }
        }
      }
      #expect(explaining.count == 1)
      seen.formUnion(explaining)
    }
    #expect(seen.count > 6)
  }

  @Test("a square that is cut out is 0, and nothing else changes")
  func cutout() throws {
    let plain = images(try stream(.none, batch: 4), Array(0..<20), epoch: 0)
    let cut = images(
      try stream(Augmentation(padding: 0, flips: false, cutout: 4), batch: 4),
      Array(0..<20),
      epoch: 0
    )
    for (image, original) in zip(cut, plain) {
      let changed = image.indices.filter { image[$0] != original[$0] }
      #expect(changed.allSatisfy { image[$0] == 0 })
      #expect(!changed.isEmpty && changed.count <= 4 * 4 * 3)
    }
  }
}
