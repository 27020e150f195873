import Binade
import Foundation
import Testing

/// Formats of single layers: which rule a layer takes, and what becomes of it.
@Suite struct FormatAssignmentTests {
  private static let layers = ["conv1", "layer1.0.conv1", "layer1.0.conv2", "layer2.0.conv1", "linear"]

  private static func assignment(_ rules: [String]) throws -> FormatAssignment {
    var assignment = FormatAssignment()
    for rule in rules { try assignment.add(parsing: rule, catalog: FormatCatalog()) }
    return assignment
  }

  private static func yaml(_ text: String) throws -> FormatAssignment {
    let url = FileManager.default.temporaryDirectory.appending(path: "assignment-\(UUID()).yaml")
    defer { try? FileManager.default.removeItem(at: url) }
    try Data(text.utf8).write(to: url)
    return try FormatAssignment(contentsOf: url, catalog: FormatCatalog())
  }

  @Test("a layer's own name counts before patterns; others have no rule")
  func matching() throws {
    let rules = try Self.assignment(["layer*=int4/int8", "layer1.0.conv2=float4_e2m1fn", "l*r=float32"])
    let found = try rules.rules(of: Self.layers).map { $0?.text }
    #expect(found == [nil, "int4/int8", "float4_e2m1fn", "int4/int8", "float32"])
    let rule = try #require(try rules.rules(of: Self.layers)[1])
    #expect(rule.weights?.description == "int4:channel:mse")
    #expect(rule.activations?.description == "int8:tensor:mse")
    #expect(try rules.rules(of: Self.layers)[4]?.weights == nil)
    for (pattern, name, expected) in [
      ("*", "", true), ("a*b*c", "aXbYc", true), ("a*b*c", "acb", false), ("*.conv1", "layer1.conv1", true),
      ("aa*aa", "aaa", false), ("a*", "a", true), ("a", "ab", false),
    ] {
      var one = FormatAssignment()
      try one.add(parsing: "\(pattern)=int8", catalog: FormatCatalog())
      #expect(((try? one.rules(of: [name])) != nil) == expected, "\(pattern) \(name)")
    }
  }

  @Test("what is written is read again")
  func file() throws {
    let rules = try Self.yaml(
      "# body\nconv1: int8\n\"*.conv1\": int4:channel:max/nvfp4:mse  # patterns that begin with a star are quoted\nlinear: float32\n"
    )
    #expect(rules.text == "conv1=int8, *.conv1=int4:channel:max/nvfp4:mse, linear=float32")
    #expect(try Self.yaml(rules.yaml).text == rules.text)
    #expect(rules.rules[1].place.hasSuffix(":3"))
  }

  @Test("rules that name no layer, or one twice, and text that is none are refused by name")
  func refusals() throws {
    func refusal(_ rules: [String]) throws -> String {
      do {
        _ = try Self.assignment(rules).rules(of: Self.layers)
        return ""
      } catch let error as FormatAssignmentError {
        return error.description
      }
    }
    #expect(
      try refusal(["layer1.0.conv=int8"])
        == "--layer: 'layer1.0.conv' names no layer; did you mean 'layer1.0.conv1'? (layers: conv1, layer1.0.conv1, "
        + "layer1.0.conv2, layer2.0.conv1, linear)"
    )
    #expect(
      try refusal(["*.conv1=int8", "layer1*=int4"]).hasPrefix("'layer1.0.conv1' is named twice, by '*.conv1'")
    )
    #expect(try refusal(["conv1=int8", "conv1=int4"]).contains("is named twice"))
    #expect(try refusal(["conv1"]).contains("expected LAYER=FORMAT or LAYER=WEIGHTS/ACTIVATIONS"))
    #expect(try refusal(["=int8"]).contains("expected LAYER=FORMAT"))
    #expect(throws: (any Error).self) { try Self.assignment(["conv1=int99x"]) }
    #expect(throws: SpecificationError.self) { try Self.assignment(["conv1=int8/int8/int8"]) }
    #expect(throws: FormatDefinitionError.self) { try Self.yaml("conv1: [int8]\n") }
    #expect(throws: FormatDefinitionError.self) { try Self.yaml("conv1: int8\nconv1: int4\n") }
  }

  @Test("a network with formats by layer is the one that the same assignments give; the row says so")
  func network() throws {
    let experiment = try ExperimentTests.experiment(limit: 40)
    func specification(_ name: String, _ granularity: Granularity) throws -> QuantizerSpecification {
      try QuantizerSpecification(parsing: name, catalog: FormatCatalog(), granularity: granularity)
    }
    var configuration = Configuration(
      weights: try specification("int4", .channel),
      activations: try specification("int4", .tensor),
      ends: .init(
        weights: try specification("int8", .channel),
        activations: try specification("int8", .tensor)
      )
    )
    configuration.layers = try Self.assignment([
      "layer1.*=int8", "linear=float32", "layer3.0.conv1=nvfp4/int8",
    ])
    let result = try experiment.run(configuration)
    let formats = result.layers.map { "\($0.weights?.quantizer ?? "-") \($0.activations?.quantizer ?? "-")" }
    #expect(
      formats == [
        "int8:channel:mse int8:tensor:mse", "int8:channel:mse int8:tensor:mse",
        "int8:channel:mse int8:tensor:mse", "int4:channel:mse int4:tensor:mse",
        "int4:channel:mse int4:tensor:mse", "nvfp4 int8:tensor:mse", "int4:channel:mse int4:tensor:mse",
        "- -",
      ]
    )
    #expect(result.assignment == "layer1.*=int8, linear=float32, layer3.0.conv1=nvfp4/int8")
    let cost = try Cost(experiment.model.architecture.graph, configuration)
    #expect(cost.bitOperations == result.cost.bitOperations)
    let layers = experiment.model.architecture.graph.weightedLayers
    let bits = [64, 64, 64, 16, 16, 32, 16, 1024]
    #expect(
      cost.bitOperations == zip(layers, bits).reduce(0) { $0 + $1.0.shape.multiplyAccumulateCount * $1.1 }
    )
    // Under a recipe, too: formats by layer, ranges by the recipe.
    configuration.recipe = .best
    configuration.recipeText = "best"
    let recipe = try experiment.run(configuration)
    #expect(recipe.layers[5].weights?.quantizer == "nvfp4" && recipe.layers[7].weights == nil)
    #expect(recipe.top1Accuracy > 0.8)
    configuration.layers = try Self.assignment(["nothing=int8"])
    #expect(throws: FormatAssignmentError.self) { try experiment.run(configuration) }
  }

  @Test("channels have formats of their own: each as if its quantizer were alone, and costs what it has")
  func channels() throws {
    let experiment = try ExperimentTests.experiment(limit: 40)
    var configuration = try ExperimentTests.configuration("int4")
    configuration.layers = try Self.assignment([
      "layer1.0.conv1[0..1]=int2", "layer1.0.conv1[3..3]=uint8:tensor:max", "*.conv2[0..3]=int8:channel:max",
    ])
    let network = try experiment.compile(configuration)
    let names = network.folded.layers.map(\.name)
    let index = try #require(names.firstIndex(of: "layer1.0.conv1"))
    let coded = try #require(network.operands[index].codedWeights)
    #expect([.integer4, .integer8].contains(network.explanation[index].datapath))
    let layer = network.folded.layers[index]
    for channel in 0..<layer.shape.outputChannels {
      let text = channel < 2 ? "int2" : channel == 3 ? "uint8:tensor:max" : "int4"
      let row = Array(layer.weights[channel * layer.shape.depth..<(channel + 1) * layer.shape.depth])
      let alone = try Quantizer(
        ExperimentTests.specification(text, .channel),
        samples: [TensorSample(row)],
        name: "row",
        cache: CodecCache()
      )
      let expected = row.map { alone.fakeQuantize($0, channel: 0) }
      let values = Array(coded.values[channel * layer.shape.depth..<(channel + 1) * layer.shape.depth])
      #expect(values == expected, "channel \(channel)")
    }
    let result = try experiment.run(configuration)
    let cost = try Cost(experiment.model.architecture.graph, configuration)
    #expect(cost.bitOperations == result.cost.bitOperations)
    let expected = experiment.model.architecture.graph.weightedLayers.reduce(0) { sum, layer in
      let perChannel = layer.shape.multiplyAccumulateCount / layer.shape.outputChannels
      let own =
        layer.name == "layer1.0.conv1" ? 2 * (2 - 4) + (8 - 4) : layer.name.hasSuffix("conv2") ? 4 * 4 : 0
      return sum + 4 * perChannel * (4 * layer.shape.outputChannels + own)
    }
    #expect(cost.bitOperations == expected)
    #expect(try Self.yaml(configuration.layers.yaml).text == configuration.layers.text)
    // Refusals name the layer and what would work.
    for (rules, part) in [
      (["conv1[0..3]=int8", "conv1[3..4]=int4"], "named twice, by 'conv1[0..3]' and 'conv1[3..4]'"),
      (["conv1[0..99]=int8"], "0 to 7; 0..99 asks for others"),
      (["conv1[0..3]=float4_e2m1fn"], "evenly spaced values of at most 8 bits"),
      (["conv1[0..3]=int8", "conv1=float32"], "give the rest of the layer's weights a format"),
      (["conv1[0...3]=int8"], "expected output channels"),
      (["conv1[0.3..]=int8"], "expected output channels"),
      (["conv1[0..3]=int4/int8"], "is about weights alone"),
      (["conv1[4..3]=int8"], "expected output channels as in 'conv1[0..7]'"),
      (["conv1[a..3]=int8"], "expected output channels"), (["conv1[0..3=int8"], "expected output channels"),
      (["conv9[0..3]=int8"], "names no layer"),
    ] {
      #expect("\(rules)") {
        configuration.layers = try Self.assignment(rules)
        _ = try experiment.compile(configuration)
      } throws: {
        "\($0)".contains(part)
      }
    }
    configuration.layers = try Self.assignment(["conv1[0..3]=int8"])
    configuration.recipe = .best
    #expect(throws: FormatAssignmentError.recipeChannels(layer: "conv1")) {
      try experiment.compile(configuration)
    }
  }

  @Test(
    "a codebook of int4's values has int4's row, whatever finds the scales",
    arguments: ["max", "mse", "best"]
  )
  func twin(method: String) throws {
    let experiment = try ExperimentTests.experiment(limit: 60, calibration: 64)
    let codebook = try CodebookFormat(
      info: FormatInfo(name: "int4_codebook", bitWidth: 4, family: .codebook),
      values: (-8...7).map(Double.init)
    )
    func run(_ format: any NumericFormat) throws -> EvaluationResult {
      let calibration: any Calibration = method == "max" ? AbsMaxCalibration() : MSECalibration()
      var configuration = Configuration(
        weights: QuantizerSpecification(format: format, granularity: .channel, calibration: calibration),
        activations: QuantizerSpecification(format: format, granularity: .tensor, calibration: calibration)
      )
      if method == "best" {
        configuration.recipe = .best
        configuration.recipeText = method
      }
      return try experiment.run(configuration)
    }
    let (one, other) = (try run(FormatCatalog().format(named: "int4")), try run(codebook))
    #expect(one.outputs == other.outputs && one.top1Outcomes == other.top1Outcomes)
    #expect(
      one.weightSignalToQuantizationNoiseInDecibels == other.weightSignalToQuantizationNoiseInDecibels
    )
    #expect(one.cost == other.cost)
  }
}
