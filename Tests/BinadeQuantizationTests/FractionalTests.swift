import BinadeFormats
import BinadeNumerics
import BinadeQuantization
import Testing

/// Quantizers between formats: FracBits' vectors (methods.md 2.9), and what they are the derivative of.
@Suite struct FractionalTests {
  static func chain(_ names: [String]) throws -> FormatChain {
    let catalog = try FormatCatalog()
    return try FormatChain(
      names.map { name in
        guard name != "0" else { return nil }
        let parts = name.split(separator: ":")
        return QuantizerSpecification(
          format: try catalog.format(named: String(parts[0])),
          granularity: .tensor,
          rounding: parts.count > 1 ? .down : .nearestEven
        )
      }
    )
  }

  static func inputs(_ names: [String], at place: Double, bound: Double = 1, isSigned: Bool = false) throws
    -> FractionalInputs
  {
    try FractionalInputs(
      chain(names),
      place: place,
      bound: bound,
      isSigned: isSigned,
      name: "test",
      cache: CodecCache()
    )
  }

  static func mixed(_ inputs: FractionalInputs, _ values: [Float]) -> (values: [Float], slopes: [Float]) {
    var mixed = values
    values.withUnsafeBufferPointer {
      inputs.quantizer?.mix($0, channels: 1, into: &mixed)
    }
    // The derivative by the place of a value by itself: the gradient behind it is 1.
    let slopes = values.map { value -> Float in
      guard let quantizer = inputs.quantizer, quantizer.count == 2 else { return 0 }
      var (products, line) = ([0.0, 0.0], [value])
      [value].withUnsafeBufferPointer {
        quantizer.mix($0, channels: 1, into: &line, gradients: [1], gradientStride: 1, products: &products)
      }
      return Float(products[1] - products[0])
    }
    return (mixed, slopes)
  }

  static let integers = ["0", "uint1", "uint2", "uint3", "uint4"]

  @Test(
    "F1: inputs of whole bits, both grids",
    arguments: [
      (1, "uint1", 1.0, [0, 0, 0, 0, 0, 1, 1, 1, 1]), (2, "uint2", 3, [0, 0, 1, 1, 2, 2, 2, 3, 3]),
      (3, "uint3", 7, [0, 1, 2, 3, 4, 4, 6, 7, 7]), (4, "uint4", 15, [0, 2, 4, 6, 8, 9, 12, 15, 15]),
      (2, "uint2:down", 4, [0, 0, 1, 1, 2, 2, 3, 3, 3]),
    ] as [(Int, String, Double, [Double])]
  )
  func whole(bits: Int, format: String, steps: Double, codes: [Double]) throws {
    let inputs = try Self.inputs(["0", format], at: 1)
    #expect(inputs.chain.bits(at: 1) == Double(bits))
    let (values, slopes) = Self.mixed(inputs, [0, 0.1, 0.25, 0.4, 0.5, 0.62, 0.8, 0.97, 1])
    for (value, code) in zip(values, codes) { #expect(abs(Double(value) - code / steps) < 1e-6) }
    // Whole bits have no gradient.
    #expect(slopes.allSatisfy { $0 == 0 })
  }

  @Test("F1: inputs between bits; from 0 bits on they shrink to nothing")
  func between() throws {
    let quarter = Self.mixed(try Self.inputs(Self.integers, at: 3.25), [0.1])
    #expect(abs(quarter.values[0] - 0.140476) < 1e-6 && abs(quarter.slopes[0] + 0.009524) < 1e-6)
    #expect(abs(Self.mixed(try Self.inputs(Self.integers, at: 0.4), [0.62]).values[0] - 0.4) < 1e-6)
    #expect(Self.mixed(try Self.inputs(Self.integers, at: 0), [0.62]).values == [0])
  }

  @Test("a mixture that is written over the values it is made from")
  func inPlace() throws {
    let inputs = try Self.inputs(Self.integers, at: 2.25)
    let values: [Float] = (0..<96).map { Float($0) / 80 }
    let apart = Self.mixed(inputs, values).values
    var line = values
    line.withUnsafeMutableBufferPointer { line in
      guard let base = line.baseAddress else { return }
      inputs.quantizer?.mix(UnsafeBufferPointer(line), channels: 1, into: base)
    }
    #expect(line == apart && Set(apart).count > 8)
  }

  @Test(
    "a grid between two formats has levels between theirs, at a format its own; its step is learned as if values were not rounded"
  )
  func grids() throws {
    func grid(_ names: [String], at place: Double, bound: Double = 1) throws -> FractionalInputs {
      var inputs = try Self.inputs(names, at: 0, bound: bound, isSigned: names[0].contains("midrise"))
      inputs.mixture = inputs.chain.grid(at: place)
      return inputs
    }
    // 2 to the 2.5 less one is 4.656854 steps.
    let (values, slopes) = Self.mixed(try grid(["uint2", "uint3"], at: 0.5), [0.4, 0.8, 0.97, 2])
    for (value, exact) in zip(values, [0.429474, 0.858949, 1, 1] as [Float]) {
      #expect(abs(value - exact) < 1e-6)
    }
    for (slope, exact) in zip(slopes, [-0.024817, -0.049635, -0.02526, 0] as [Float]) {
      #expect(abs(slope - exact) < 1e-5)
    }
    let midrise = ["int2_midrise", "int3_midrise"]
    let middle = Self.mixed(try grid(midrise, at: 0.5, bound: 2), [-0.6, 0.1, 1, 1.9]).values
    for (value, exact) in zip(middle, [-0.429474, 0.429474, 1.288423, 2] as [Float]) {
      #expect(abs(value - exact) < 1e-6)
    }
    let line: [Float] = (0..<200).map { Float($0) * 0.01171 - 1.1 }
    for (names, isPositive) in [(["uint2", "uint3"], true), (midrise, false)] {
      let line = isPositive ? line.map(abs) : line
      for place in [0, 1.0] {
        let whole = Self.mixed(try Self.inputs(names, at: place, isSigned: !isPositive), line).values
        for (value, exact) in zip(Self.mixed(try grid(names, at: place), line).values, whole) {
          #expect(abs(value - exact) < 1e-6)
        }
      }
    }
  }

  @Test("F2: inputs' gradients by bits and bound")
  func inputGradients() throws {
    let inputs = try Self.inputs(Self.integers, at: 3.4, bound: 1.5)
    let (values, slopes) = Self.mixed(inputs, [0.4, 2])
    #expect(abs(values[0] - 0.417143) < 1e-6 && values[1] == 1.5)
    #expect(abs(slopes[0] + 0.028571) < 1e-6 && slopes[1] == 0)
    let (inside, above) = (inputs.gradients(0.4, mixed: values[0]), inputs.gradients(2, mixed: values[1]))
    #expect(inside.passes && abs(inside.bound - 0.011429) < 1e-6)
    #expect(!above.passes && above.bound == 1)
    #expect(inputs.gradients(-1, mixed: 0) == (false, 0))
    // Both sides: the bound's derivative is that of -bound.
    let signed = try Self.inputs(["int2_midrise", "int3_midrise"], at: 0.5, isSigned: true)
    #expect(signed.gradients(-2, mixed: -1) == (false, -1))
    #expect(throws: QuantizationFailure.self) { try Self.inputs(Self.integers, at: 1, isSigned: true) }
  }

  static let weights: [Float] = [-1.5, -0.6, -0.2, 0.05, 0.1, 0.9]
  static let midrise = ["int2_midrise", "int3_midrise", "int4_midrise"]

  static func weights(_ names: [String], _ places: [Double], rescales: Bool = false) throws
    -> FractionalWeights
  {
    try FractionalWeights(chain(names), places: places, rescales: rescales, cache: CodecCache())
  }

  @Test(
    "F2: weights, and their gradient by bits",
    arguments: [
      (0.0, [-1, -0.3333333, -0.3333333, 0.3333333, 0.3333333, 1]),
      (1.0, [-1, -0.7142857, -0.1428571, 0.1428571, 0.1428571, 0.7142857]),
      (1.4, [-1, -0.668571, -0.165714, 0.112381, 0.112381, 0.721905]),
    ] as [(Double, [Double])]
  )
  func weightGradients(place: Double, expected: [Double]) throws {
    var weights = try Self.weights(Self.midrise, [place])
    let upstream: [Float] = [1, 2, 3, 4, 5, 6]
    let found = Self.weights.withUnsafeBufferPointer { weights.mix($0, depth: 6) }
    for (found, expected) in zip(found, expected) { #expect(abs(Double(found) - expected) < 1e-6) }
    let gradient = upstream.withUnsafeBufferPointer { weights.placeGradients($0, depth: 6) }
    #expect(gradient.count == 1 && abs(gradient[0] - (place == 1.4 ? -0.514286 : 0)) < 1e-6)
  }

  @Test(
    "the gradient by bits is the derivative, for the layer and for each channel, of any formats",
    arguments: [false, true]
  )
  func differences(isChannelWise: Bool) throws {
    let names = ["0", "int2_midrise", "float4_e2m1", "posit5", "int8"]
    let count = isChannelWise ? 2 : 1
    var weights = try Self.weights(names, Array([2.3, 0.6].prefix(count)))
    let upstream: [Float] = [1, -2, 3, 0.5, 5, -6]
    func loss(_ places: [Double]) -> Double {
      weights.places = places
      let mixed = Self.weights.withUnsafeBufferPointer { weights.mix($0, depth: 3) }
      return zip(mixed, upstream).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let places = weights.places
    #expect(loss(places).isFinite)
    let gradient = upstream.withUnsafeBufferPointer { weights.placeGradients($0, depth: 3) }
    for index in places.indices {
      var (above, below) = (places, places)
      above[index] += 0.125
      below[index] -= 0.125
      let difference = (loss(above) - loss(below)) / 0.25
      #expect(abs(difference - gradient[index]) < 1e-5 && abs(difference) > 1e-3)
    }
  }

  @Test("modified grids of weights nest: levels of few bits are levels of more")
  func nested() throws {
    var levels: [Set<Float>] = []
    for bits in [1, 2, 3] {
      var weights = try Self.weights(["0", "int\(bits):down"], [1])
      let values = (0...200).map { Float($0) / 100 - 1 }
      levels.append(Set(values.withUnsafeBufferPointer { weights.mix($0, depth: 201) }))
    }
    #expect(levels.map(\.count) == [2, 4, 8])
    #expect(levels[0].isSubset(of: levels[1]) && levels[1].isSubset(of: levels[2]))
    #expect(levels[2].min() == -1)
  }

  @Test("F7: SAT's rescaling is of what was mixed", arguments: [(0.0, 0.831400), (2.0, 0.971546)])
  func rescaling(place: Double, factor: Double) throws {
    let values = QuantileGrids.normal(640).map { $0 * 0.1 }
    var weights = try Self.weights(Self.midrise, [place], rescales: true)
    let mixed = values.withUnsafeBufferPointer { weights.mix($0, depth: 64) }
    #expect(abs(weights.factor - factor) < 1e-5)
    let mean = mixed.reduce(0.0) { $0 + Double($1) } / 640
    let variance = mixed.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / 639
    #expect(abs(variance.squareRoot() - 0.316228) < 1e-5)
  }

  @Test("chains have places for bits, and are refused when they are none")
  func chains() throws {
    let chain = try Self.chain(Self.integers)
    for bits in [0, 0.4, 1, 2.75, 4] {
      #expect(abs(chain.bits(at: chain.place(ofBits: bits)) - bits) < 1e-12)
    }
    #expect(chain.place(ofBits: 9) == 4 && chain.place(ofBits: -1) == 0)
    // Formats of equal bits are apart on the chain, though not in cost.
    let families = try Self.chain(["int4", "float4_e2m1", "posit5"])
    #expect(families.bits(at: 0.5) == 4 && families.bits(at: 1.5) == 4.5)
    #expect(families.neighbours(of: 1) == (1, 1, 0) && families.neighbours(of: 1.25) == (1, 2, 0.25))
    #expect(throws: FormatChainError.tooShort(count: 1)) { try Self.chain(["int4"]) }
    #expect(throws: FormatChainError.unordered(lower: "int4", upper: "int3")) {
      try Self.chain(["int4", "int3"])
    }
  }
}
