import BinadeFormats
import BinadeNetworks
import BinadeQuantization
import BinadeTraining
import Testing

/// Costs of bits that are no whole number, and the end of a search (methods.md 2.5, 2.6).
@Suite struct ResourceModelTests {
  static func integers(_ bits: ClosedRange<Int>) throws -> FormatChain { try chain(Array(bits)) }

  static func chain(_ bits: [Int]) throws -> FormatChain { try named(bits.map { "int\($0)_midrise" }) }

  /// Formats by their names, `:down` behind those that round down.
  static func named(_ names: [String]) throws -> FormatChain {
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

  /// FracBits' rule: the first layer in 8 bits, the weights of the last one in 8, the rest searched.
  static func model(_ graph: NetworkGraph, _ chain: FormatChain, _ costModel: CostModel = .bitOperations)
    -> ResourceModel
  {
    let layers = graph.weightedLayers
    return ResourceModel(
      layers.enumerated().map { index, layer in
        ResourceModel.Layer(
          shape: layer.shape,
          weights: index == 0 || index == layers.count - 1 ? .fixed(bits: 8) : .searched(chain),
          inputs: index == 0 ? .fixed(bits: 8) : .searched(chain)
        )
      },
      costModel
    )
  }

  static func places(_ model: ResourceModel, _ place: Double) -> [ResourceModel.Places] {
    model.layers.map { _ in .init(weights: [place], inputs: place) }
  }

  @Test(
    "F3: expected bits are the place itself, and the cost is products x bits x bits; kernel-wise the mean of the bits"
  )
  func identity() throws {
    let chain = try Self.integers(2...8)
    let shape = try #require(ResNet.cifar(depth: 8).graph.weightedLayers.dropFirst().first?.shape)
    let model = ResourceModel(
      [.init(shape: shape, weights: .searched(chain), inputs: .searched(chain))],
      .bitOperations
    )
    let count = Double(shape.multiplyAccumulateCount)
    for (weights, inputs) in [(2.0, 2.0), (2.3, 7.9), (4.0, 4.5), (8.0, 8.0), (5.5, 3.25)] {
      #expect(abs(chain.bits(at: weights - 2) - weights) < 1e-9)
      let (cost, gradient) = model.cost([.init(weights: [weights - 2], inputs: inputs - 2)])
      #expect(abs(cost - count * weights * inputs) < 1e-9 * cost)
      #expect(abs(gradient[0].weights[0] - count * inputs) < 1e-9 * cost)
      #expect(abs(gradient[0].inputs - count * weights) < 1e-9 * cost)
    }
    let channels = (0..<shape.outputChannels).map { Double($0) * 6 / Double(shape.outputChannels) }
    let mean = channels.reduce(0, +) / Double(channels.count) + 2
    let (cost, gradient) = model.cost([.init(weights: channels, inputs: 1.5)])
    #expect(abs(cost - count * mean * 3.5) < 1e-9 * cost)
    #expect(abs(gradient[0].weights[3] - count * 3.5 / Double(channels.count)) < 1e-9 * cost)
  }

  @Test("F5: ResNet-18, everything that is searched at 4.5 bits")
  func resNet18() throws {
    let graph = try ResNet.imageNet(depth: 18).graph
    let model = Self.model(graph, try Self.integers(1...8))
    let (cost, gradient) = model.cost(Self.places(model, 3.5))
    #expect(abs(cost / 1e9 - 41.906159616) < 1e-9)
    #expect(abs(abs(cost / 1e9 - 34.70) - 7.206159616) < 1e-9)
    #expect(abs(gradient[1].weights[0] / 1e9 - 0.520224768) < 1e-9)
    #expect(gradient[0].weights == [0] && gradient[0].inputs == 0)
  }

  @Test(
    "F6: with the penalty alone, places go to the budget, and whole bits end within 1 % of it",
    arguments: [CostModel.bitOperations, .memoryBits, .aqtLinear],
    [0.3, 0.55, 0.8]
  )
  func penalty(costModel: CostModel, share: Double) throws {
    let graph = try ResNet.cifar(depth: 20).graph
    // The linear model has plateaus between 4 and 8 bits, where nothing moves: its formats are their ends.
    let chain = try costModel == .aqtLinear ? Self.chain([4, 8]) : Self.integers(2...8)
    let model = Self.model(graph, chain, costModel)
    let (least, greatest) = model.range
    let target = least + share * (greatest - least)
    var places = Self.places(model, 0.55 * chain.end)
    for step in 0..<4000 {
      let (cost, gradient) = model.cost(places)
      let sign: Double = cost > target ? 1 : cost < target ? -1 : 0
      let rate = 0.4 / (1 + Double(step) / 200)
      for layer in places.indices {
        for channel in places[layer].weights.indices {
          places[layer].weights[channel] = chain.projected(
            places[layer].weights[channel] - rate * sign * gradient[layer].weights[channel] / target * 20
          )
        }
        places[layer].inputs = chain.projected(
          places[layer].inputs - rate * sign * gradient[layer].inputs / target * 20
        )
      }
    }
    #expect(abs(model.cost(places).value - target) < 0.01 * target)
    let frozen = PlaceFreezing(places, model, target: target)
    #expect(model.cost(frozen.places).value == frozen.cost)
    for (layer, place) in zip(model.layers, frozen.places) {
      if case .searched = layer.weights { #expect(place.weights.allSatisfy { $0 == $0.rounded() }) }
      if case .searched = layer.inputs { #expect(place.inputs == place.inputs.rounded()) }
    }
    // Where no offset comes within 1 %, none that is finer comes nearer.
    if abs(frozen.cost - target) > 0.01 * target {
      for offset in stride(from: -1.0, through: 1, by: 1.0 / 256) {
        let other = PlaceFreezing(
          places.map {
            .init(
              weights: $0.weights.map { chain.projected($0 + offset) },
              inputs: chain.projected($0.inputs + offset)
            )
          },
          model,
          target: target,
          trials: 1
        )
        #expect(abs(other.cost - target) >= 0.99 * abs(frozen.cost - target))
      }
    }
  }

  @Test("the example of methods.md 2.10: offset 0 costs 7.0, -0.5 costs 5.55, within 1 % of 5.6")
  func freezing() throws {
    let chain = try Self.integers(2...8)
    // 1 x 1 convolutions of one channel on 100, 200 and 50 million pixels, scaled down.
    let graphs = [100, 200, 50].map { pixels in
      var graph = NetworkGraph(input: ImageShape(channels: 1, height: pixels, width: 10))
      _ = graph.append(
        "conv",
        .convolution(outputChannels: 1, kernel: 1, stride: 1, padding: 0),
        inputs: [0]
      )
      return graph.weightedLayers[0].shape
    }
    let model = ResourceModel(
      graphs.map { .init(shape: $0, weights: .searched(chain), inputs: .searched(chain)) },
      .bitOperations
    )
    let places = zip([4.6, 4.2, 5.3], [4.4, 4.7, 3.9]).map {
      ResourceModel.Places(weights: [$0 - 2], inputs: $1 - 2)
    }
    #expect(
      model.cost(places.map { .init(weights: [$0.weights[0].rounded()], inputs: $0.inputs.rounded()) }).value
        == 70_000
    )
    let frozen = PlaceFreezing(places, model, target: 56_000)
    #expect(frozen.offset == -0.5 && frozen.cost == 55_500)
    // Released bits could only fall: here all must rise.
    let risen = PlaceFreezing(places, model, target: 110_000)
    #expect(risen.offset > 0 && abs(risen.cost - 110_000) < abs(70_000 - 110_000))
    // The closest counts, not the last that was tried.
    let unreachable = PlaceFreezing(places, model, target: 60_000, tolerance: 0, trials: 12)
    let tried = (1...12).map { PlaceFreezing(places, model, target: 60_000, tolerance: 0, trials: $0).cost }
    #expect(tried.allSatisfy { abs(unreachable.cost - 60_000) <= abs($0 - 60_000) })
  }
}
