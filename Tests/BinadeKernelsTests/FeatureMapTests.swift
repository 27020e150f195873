import BinadeKernels
import Testing

/// Passes over maps of bfloat16 against the formulas, and against the passes over maps of float32 that hold the same values.
@Suite struct FeatureMapTests {
  private static let pixelCount = 7
  /// One more than vectors of 16, and some by themselves.
  private static let channels = 19
  private static var count: Int { pixelCount * channels }

  /// Numbers whose bfloat16 is not theirs, ties, and all that is special.
  private static func numbers(_ seed: Int) -> [Float] {
    var values = ConvolutionGradientTests.numbers(count, seed: seed).map { Float($0) * 1.2345 }
    let special: [Float] = [
      0, -0.0, .infinity, -.infinity, 0x1.01p0, 0x1.03p0, -0x1.01p-3, 0x1.FFp127, .leastNonzeroMagnitude,
      0x1p-130,
    ]
    for (index, value) in special.enumerated() { values[(index * 13 + seed) % count] = value }
    return values
  }

  private static func rounded(_ values: [Float]) -> [Float] { values.map(ConvolutionGradientTests.bfloat16) }

  private static func halves(_ values: [Float]) -> [UInt16] {
    values.map { UInt16($0.bitPattern >> 16) }
  }

  private static func floats(_ halves: [UInt16]) -> [UInt32] { halves.map { UInt32($0) << 16 } }

  /// Calls `body` with a map of values, whose elements it may change, and returns them.
  private static func map(
    _ values: [Float],
    _ element: FeatureMap.Element,
    _ body: (FeatureMap) -> Void
  ) -> [Float] {
    switch element {
    case .float32:
      var values = values
      values.withUnsafeMutableBytes { body(FeatureMap($0.baseAddress!, element)) }
      return values
    case .bfloat16:
      var halves = halves(values)
      halves.withUnsafeMutableBytes { body(FeatureMap($0.baseAddress!, element)) }
      return floats(halves).map { Float(bitPattern: $0) }
    }
  }

  private static func same(_ found: [Float], _ expected: [Float]) -> Bool {
    found.count == expected.count
      && zip(found, expected).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
  }

  @Test(
    "values become the nearest bfloat16 and come back, NaN stays NaN",
    arguments: ConvolutionGradientTests.rows
  )
  func conversion(features: CPUFeatures) {
    let values =
      Self.numbers(1) + [Float.nan, Float(bitPattern: 0x7F80_0001), Float(bitPattern: 0xFFFF_FFFF)]
    var room = values
    let stored = Self.map(values.map { _ in 0 }, .bfloat16) { $0.write(values.count, from: values, features) }
    let read = Self.map(stored, .bfloat16) {
      _ = $0.read(values.count, &room, features)
    }
    #expect(Self.same(stored, Self.rounded(values)))
    #expect(Self.same(room, stored) && Self.same(read, stored))
  }

  @Test("moments are those of what is stored", arguments: ConvolutionGradientTests.rows)
  func moments(features: CPUFeatures) {
    let sums = Self.numbers(2).map { $0.isFinite ? $0 : 1 }
    let center = Array(Self.numbers(3).prefix(Self.channels)).map { $0.isFinite && abs($0) < 1e6 ? $0 : 0 }
    let moments = OutputMoments(center: center, features: features)
    func run(_ sums: [Float], _ element: FeatureMap.Element) -> ([Float], ChannelSums) {
      var totals = ChannelSums(channels: Self.channels)
      let stored = Self.map(sums, element) {
        moments.finish(sums, rowStride: Self.channels, rowCount: Self.pixelCount, into: $0, &totals)
      }
      return (stored, totals)
    }
    let (stored, totals) = run(sums, .bfloat16)
    let (expected, expectedTotals) = run(Self.rounded(sums), .float32)
    #expect(Self.same(stored, expected))
    #expect(totals == expectedTotals)
    #expect(totals != run(sums, .float32).1, "nothing was rounded")
  }

  @Test(
    "gradients are finished as in float32, then rounded, then added up",
    arguments: ConvolutionGradientTests.rows,
    [(false, "none"), (true, "none"), (false, "map"), (true, "map"), (false, "sums"), (true, "sums")]
  )
  func finish(features: CPUFeatures, options: (adds: Bool, rectification: String)) {
    func finite(_ seed: Int) -> [Float] { Self.numbers(seed).map { abs($0) < 1e6 ? $0 : 1 } }
    let (sums, addend, z, y) = (
      finite(4), Self.rounded(finite(5)), Self.rounded(finite(6)), Self.rounded(finite(7))
    )
    let (scales, bias, center) = (
      Array(finite(8).prefix(Self.channels)), Array(finite(9).prefix(Self.channels)),
      Array(finite(10).prefix(Self.channels))
    )
    var totals = ChannelSums(channels: Self.channels)
    let stored = Self.map(sums, .bfloat16) { output in
      _ = Self.map(addend, .bfloat16) { addend in
        _ = Self.map(z, .bfloat16) { z in
          _ = Self.map(y, .bfloat16) { y in
            let rectification: GradientFinish.Rectification =
              switch options.rectification {
              case "map": .map(y)
              case "sums": .sums(scales: scales, bias: bias)
              default: .none
              }
            GradientFinish(
              output,
              channels: Self.channels,
              addend: options.adds ? addend : nil,
              rectification: rectification,
              z: z,
              center: center,
              features: features
            ).finish(sums, rowStride: Self.channels, rowCount: Self.pixelCount, firstPixel: 0, &totals)
          }
        }
      }
    }
    var expected = ChannelSums(channels: Self.channels)
    for channel in 0..<Self.channels {
      var (gradients, products): (Float, Float) = (0, 0)
      for place in stride(from: channel, to: Self.count, by: Self.channels) {
        var g = options.adds ? sums[place] + addend[place] : sums[place]
        let scaled = z[place] * scales[channel]
        let passes = options.rectification == "sums" ? scaled + bias[channel] > 0 : y[place] > 0
        if options.rectification != "none", !passes { g = 0 }
        g = ConvolutionGradientTests.bfloat16(g)
        #expect(stored[place] == g, "element \(place)")
        gradients += g
        let product = g * (z[place] - center[channel])
        products += product
      }
      expected.first[channel] = Double(gradients)
      expected.second[channel] = Double(products)
    }
    #expect(totals == expected)
  }

  @Test(
    "gradients of raw sums and outputs from stored sums are those of float32",
    arguments: ConvolutionGradientTests.rows
  )
  func fillAndNormalization(features: CPUFeatures) {
    let (g, z) = (Self.rounded(Self.numbers(11)), Self.rounded(Self.numbers(12)))
    let factors = (13...15).map { Array(Self.numbers($0).prefix(Self.channels)) }
    let fill = GradientFill(a: factors[0], c: factors[1], d: factors[2], features: features)
    for hasSums in [false, true] {
      let lines = [FeatureMap.Element.float32, .bfloat16].map { element in
        var line = [Float](repeating: .nan, count: Self.count)
        _ = Self.map(g, element) { g in
          _ = Self.map(z, element) { z in
            fill.fill(
              &line,
              from: g,
              hasSums ? z : nil,
              imageCount: 1,
              height: 1,
              width: Self.pixelCount,
              rim: 0
            )
          }
        }
        return line
      }
      #expect(Self.same(lines[0], lines[1]))
    }
    for (relu, adds) in [(false, false), (false, true), (true, false), (true, true)] {
      let normalization = MapNormalization(
        Epilogue(scales: factors[0], bias: factors[1], appliesReLU: relu, features: features),
        features: features
      )
      func run(_ element: FeatureMap.Element) -> (line: [Float], map: [Float]) {
        var line = [Float](repeating: .nan, count: Self.count)
        var map: [Float] = []
        _ = Self.map(z, element) { z in
          normalization.line(z, pixelCount: Self.pixelCount, into: &line)
          _ = Self.map(g, element) { g in
            map = Self.map(line, element) {
              normalization.map(z, addend: adds ? g : nil, pixelCount: Self.pixelCount, into: $0)
            }
          }
        }
        return (line, map)
      }
      let (found, expected) = (run(.bfloat16), run(.float32))
      #expect(Self.same(found.line, expected.line))
      #expect(Self.same(found.map, Self.rounded(expected.map)))
      #expect(!Self.same(found.map, expected.map), "nothing was rounded")
    }
  }

  @Test("rounding towards zero, and sums of what was not rounded, are seen")
  func plantedBugs() {
    let values = Self.numbers(2)
    #expect(!Self.same(values.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) }, Self.rounded(values)))
    // Ties: down to even, up to even.
    #expect(Self.rounded([0x1.01p0, 0x1.03p0]) == [1, 0x1.04p0])
  }
}
