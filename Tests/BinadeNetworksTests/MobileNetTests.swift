import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeQuantization
import Testing

/// MobileNets against PyTorch, with weights and images of a formula: Benchmarks/Peers/mobilenet_torch.py prints the logits.
@Suite struct MobileNetTests {
  /// Words of a linear congruence, begun with a hash of the name, as fractions from -0.5 to 0.5.
  static func numbers(_ name: String, _ count: Int) -> [Double] {
    var word = name.utf8.reduce(UInt32(0x811C_9DC5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    return (0..<count).map { _ in
      word = word &* 1_664_525 &+ 1_013_904_223
      return Double(word >> 8) / 0x1p24 - 0.5
    }
  }

  static func parameters(_ graph: NetworkGraph) -> NetworkParameters {
    var parameters = NetworkParameters(graph, seed: 0)
    for entry in parameters.layout.entries {
      let values = numbers(entry.name, entry.shape.count)
      let isFactor =
        entry.name.hasSuffix("running_var")
        || (entry.name.hasSuffix("weight") && entry.shape.extents.count == 1)
      let deviation = (24 / Double(entry.shape.count / entry.shape.extents[0])).squareRoot()
      let isWeight = entry.shape.extents.count > 1
      parameters[entry.name] = ArraySlice(
        values.map { Float(isFactor ? 1 + $0 : isWeight ? $0 * deviation : $0) }
      )
    }
    return parameters
  }

  static func network(_ version: MobileNet.Version) throws -> FoldedNetwork {
    let input = ImageShape(channels: 3, height: 48, width: 40)
    let graph = try MobileNet(version, widthMultiplier: 0.25, input: input, classCount: 5).graph
    return FoldedNetwork(graph, parameters(graph))
  }

  static func logits(_ network: CompiledNetwork) -> [[Float]] {
    let (channels, area) = (3, 48 * 40)
    let images = numbers("images", 2 * channels * area)
    let session = InferenceSession(network)
    return (0..<2).map { image in
      for index in 0..<channels * area {
        session.input()[index % area * channels + index / area] = Float(
          images[image * channels * area + index]
        )
      }
      return Array(session.run())
    }
  }

  static let expected: [MobileNet.Version: [[Double]]] = [
    .v1: [
      [-0.0327887188, 0.915059672, -0.93160471, 0.58783595, 0.670525177],
      [0.00214430058, 0.866217494, -1.01140855, 0.61324424, 0.724453572],
    ],
    .v2: [
      [-2.35916912, 2.52689473, -2.61708881, 0.285976728, -2.92525012],
      [-1.23676682, 2.6162213, -0.266915966, -0.204840173, -1.51284931],
    ],
  ]

  @Test("the logits are PyTorch's", arguments: MobileNet.Version.allCases)
  func peer(version: MobileNet.Version) throws {
    let found = Self.logits(CompiledNetwork(try Self.network(version)))
    let expected = try #require(Self.expected[version])
    for (row, wanted) in zip(found, expected) {
      for (logit, right) in zip(row, wanted) {
        #expect(abs(Double(logit) - right) < 1e-4, "\(logit) for \(right)")
      }
    }
  }

  @Test(
    "all layers run on integers, and the logits are as near as the bits allow",
    arguments: MobileNet.Version.allCases,
    [("int8", Datapath.integer8, Float(0.5)), ("int10", .integer16, 0.5 / 4)]
  )
  func quantized(version: MobileNet.Version, format: (name: String, datapath: Datapath, error: Float)) throws
  {
    let network = try Self.network(version)
    let integers = try FormatCatalog().format(named: format.name)
    let plain = Self.logits(CompiledNetwork(network))
    let compiled = try CompiledNetwork(
      network,
      assignments: network.layers.map { _ in
        LayerAssignment(
          weights: QuantizerSpecification(format: integers, granularity: .channel),
          activations: QuantizerSpecification(format: integers, granularity: .tensor)
        )
      },
      statistics: try ActivationStatistics(
        network,
        images: Self.images(),
        normalization: Normalization(mean: [0.5, 0.5, 0.5], standardDeviation: [1, 1, 1]),
        threads: 1
      )
    )
    #expect(
      compiled.explanation.allSatisfy { $0.datapath == format.datapath },
      "\(compiled.explanation.map(\.datapath))"
    )
    let scale = plain.joined().reduce(0) { max($0, abs($1)) }
    for (one, two) in zip(plain.joined(), Self.logits(compiled).joined()) {
      #expect(abs(one - two) < format.error * scale, "\(two) for \(one)")
    }
  }

  @Test("ReLU6 clips at both ends and passes the gradient between them")
  func clip() {
    let shape = ImageShape(channels: 7, height: 1, width: 1)
    let values: [Double] = [-1, 0, 1e-30, 3, 5.999, 6, 7]
    var (output, gradient) = ([Double](repeating: 9, count: 7), [Double](repeating: 9, count: 7))
    ReLU6().compute(values, shape, into: &output)
    ReLU6().propagate([1, 2, 3, 4, 5, 6, 7], input: values, shape, into: &gradient)
    #expect(output == [0, 0, 1e-30, 3, 5.999, 6, 6])
    #expect(gradient == [0, 0, 3, 4, 5, 0, 0])
  }

  /// The two images as pixels.
  private static func images() throws -> ImageDataset {
    try ImageDataset(
      name: "formula",
      imageShape: ImageShape(channels: 3, height: 48, width: 40),
      classCount: 5,
      images: numbers("images", 2 * 3 * 48 * 40).map { UInt8(($0 + 0.5) * 255) },
      labels: [0, 1]
    )
  }

  @Test(
    "parameters, weights and products are those that were published",
    arguments: [
      (MobileNet.Version.v1, 4_231_976, 4_209_088, 568_740_352), (.v2, 3_504_872, 3_469_760, 300_774_272),
    ]
  )
  func counts(version: MobileNet.Version, parameters: Int, weights: Int, products: Int) throws {
    let graph = try MobileNet(version).graph
    let layout = ParameterLayout(graph)
    #expect(layout.entries.filter(\.role.isTrainable).reduce(0) { $0 + $1.shape.count } == parameters)
    let cost = Cost(graph, body: Cost.Widths(weights: 8, activations: 8))
    #expect(cost.weightCount == weights && cost.multiplyAccumulateCount == products)
  }

  @Test(
    "channels are multiples of 8, at least nine tenths of what is asked for; names and multipliers that are none are refused"
  )
  func widths() throws {
    func channels(_ multiplier: Double) throws -> [Int] {
      try MobileNet(.v2, widthMultiplier: multiplier).graph.weightedLayers.map(\.shape.outputChannels)
    }
    #expect(try channels(0.75).allSatisfy { $0.isMultiple(of: 8) })
    #expect(try channels(0.75).suffix(2) == [1280, 1000] && channels(1.4).suffix(2) == [1792, 1000])
    #expect(throws: NetworkError.self) { try MobileNet(.v1, widthMultiplier: 0) }
    #expect(throws: NetworkError.self) { try ArchitectureName.resolve("mobilenetv3") }
  }
}
