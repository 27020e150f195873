import BinadeNetworks
import Testing

/// Operations without weights, on examples worked out by hand.
@Suite struct FeatureMapTests {
  private func run(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
    var output = [Float](repeating: -77, count: count)
    output.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { body(base) }
    }
    return output
  }

  @Test("max pool 3 x 3 / 2 with padding 1: the rim does not count, not even among negative numbers")
  func maxPool() {
    let shape = ImageShape(channels: 2, height: 3, width: 4)
    // -1 -2 -3 -4      windows: rows 0-1 or 1-2, columns 0-1 or 1-3
    // -5 -6 -7 -8
    // -9 -8 -7 -6
    let plane: [Float] = [-1, -2, -3, -4, -5, -6, -7, -8, -9, -8, -7, -6]
    let input = plane.flatMap { [$0, -$0] }
    let found = run(8) {
      MaxPool(window: 3, stride: 2, padding: 1).compute(input, shape, into: $0)
    }
    #expect(
      MaxPool(window: 3, stride: 2, padding: 1).outputShape(of: shape)
        == ImageShape(channels: 2, height: 2, width: 2)
    )
    #expect(found == [-1, 6, -2, 8, -5, 9, -6, 8])
  }

  @Test("max pool keeps NaN")
  func maxPoolNaN() {
    let shape = ImageShape(channels: 1, height: 2, width: 2)
    let found = run(1) {
      MaxPool(window: 2, stride: 2, padding: 0).compute([1, .nan, 3, 2], shape, into: $0)
    }
    #expect(found[0].isNaN)
  }

  @Test("global average pool")
  func average() {
    let found = run(2) {
      GlobalAveragePool().compute(
        [1, -4, 2, 0, 3, 0, 6, 0],
        ImageShape(channels: 2, height: 2, width: 2),
        into: $0
      )
    }
    #expect(found == [3, -1])
  }

  @Test("shortcut A: every second pixel, zero channels evenly before and after")
  func paddedShortcut() {
    // 1 ... 9 in the first channel, 10 ... 18 in the second.
    let input = (1...9).flatMap { [Float($0), Float($0 + 9)] }
    let found = run(16) {
      PaddedShortcut(stride: 2, outputChannels: 4).compute(
        input,
        ImageShape(channels: 2, height: 3, width: 3),
        into: $0
      )
    }
    #expect(found == [0, 1, 10, 0, 0, 3, 12, 0, 0, 7, 16, 0, 0, 9, 18, 0])
  }

  @Test("addition, with and without ReLU; NaN stays")
  func add() {
    let (a, b): ([Float], [Float]) = ([1, -3, .nan], [1, 1, 0])
    let plain = run(3) { FeatureMaps.add(a, b, into: $0, count: 3, appliesReLU: false) }
    let rectified = run(3) { FeatureMaps.add(a, b, into: $0, count: 3, appliesReLU: true) }
    #expect(Array(plain.prefix(2)) == [2, -2])
    #expect(Array(rectified.prefix(2)) == [2, 0])
    #expect(plain[2].isNaN && rectified[2].isNaN)
  }
}
