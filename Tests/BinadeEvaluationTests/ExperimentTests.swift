import Binade
import BinadeModelFiles
import Foundation
import Testing

@Suite struct ExperimentTests {
  static func experiment(limit: Int? = nil, calibration: Int = 64, threads: Int = 2) throws -> Experiment {
    try Experiment(
      model: Model(contentsOf: EmbeddedModels.resNet8Weights),
      data: DatasetFolder(EmbeddedModels.mnistFolder),
      imageLimit: limit,
      options: Experiment.Options(calibrationImageCount: calibration, threads: threads)
    )
  }

  static func specification(_ text: String, _ granularity: Granularity) throws -> QuantizerSpecification {
    try QuantizerSpecification(parsing: text, catalog: FormatCatalog(), granularity: granularity)
  }

  static func configuration(_ text: String) throws -> Configuration {
    Configuration(
      weights: try specification(text, .channel),
      activations: try specification(text, .tensor)
    )
  }

  @Test("the embedded network gets 990 of 1,000 digits right")
  func float32() throws {
    let result = try Self.experiment().run(Configuration())
    #expect(result.top1Accuracy == 0.99)
    #expect(result.imageCount == 1000)
    #expect(result.mcNemar.pValue == 1)
    #expect(result.cost.multiplyAccumulateCount == 2_314_688)
  }

  @Test("results do not depend on the number of threads")
  func threads() throws {
    func run(_ threads: Int) throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let results = try ["int4", "lns4.3"].map {
        try Self.experiment(limit: 120, threads: threads).run(Self.configuration($0))
      }
      return String(decoding: try encoder.encode(results), as: UTF8.self)
    }
    let one = try run(1)
    #expect(try run(2) == one)
    #expect(try run(7) == one)
  }

  @Test("random words: the same row on any number of threads, another with another seed")
  func randomWords() throws {
    func run(_ threads: Int, seed: UInt64) throws -> EvaluationResult {
      var configuration = try Self.configuration("int4")
      configuration.changeQuantizers { $0.words = RandomWords(seed: seed) }
      return try Self.experiment(limit: 120, threads: threads).run(configuration)
    }
    let one = try run(1, seed: 3)
    #expect(one.weights == "int4:channel:mse:stochastic")
    #expect(one.notes.contains { $0.contains("seed 3") })
    let two = try run(2, seed: 3)
    #expect(one.outputs == two.outputs)
    #expect(
      one.activationSignalToQuantizationNoiseInDecibels == two.activationSignalToQuantizationNoiseInDecibels
    )
    #expect(try run(2, seed: 4).outputs != one.outputs)
    // Regret is about rounding to nearest: none is shown of what is not rounded so.
    var words = try Self.configuration("int4")
    words.activations?.words = RandomWords()
    let regrets = try Self.experiment(limit: 20).regrets(of: words, threads: 2)
    #expect(!regrets.isEmpty && regrets.allSatisfy { $0.tensor == .weights })
    let nearest = try Self.experiment(limit: 120).run(Self.configuration("int4"))
    let gain =
      try #require(nearest.weightSignalToQuantizationNoiseInDecibels)
      - #require(one.weightSignalToQuantizationNoiseInDecibels)
    // Uniform errors of a whole step have twice the power of those of half a step at most: 3 dB.
    #expect(gain > 2 && gain < 4)
  }

  @Test("error falls with bits, and per-layer figures are there")
  func bits() throws {
    let experiment = try Self.experiment(limit: 100)
    let results = try ["int4", "int6", "int8"].map { try experiment.run(Self.configuration($0)) }
    for (coarse, fine) in zip(results, results.dropFirst()) {
      // 2 bits are 12 dB, less what clipping takes.
      for key in [
        \EvaluationResult.weightSignalToQuantizationNoiseInDecibels,
        \.activationSignalToQuantizationNoiseInDecibels,
      ] {
        let gain = try #require(fine[keyPath: key]) - #require(coarse[keyPath: key])
        #expect((8...14).contains(gain), "\(gain) dB")
      }
    }
    let layer = try #require(results[0].layers.first { $0.name == "layer2.0.conv1" })
    #expect(layer.datapath == .integer4)
    #expect(layer.weights?.elementCount == 16 * 8 * 9)
    #expect(layer.activations?.elementCount == 64 * 8 * 28 * 28)
    #expect(results[0].cost.bitOperations == 2_314_688 * 16)
    // One scale per output channel, and one per layer input.
    #expect(results[0].cost.scaleMemoryBits == 32 * (8 + 8 + 8 + 16 + 16 + 32 + 32 + 10 + 8))
  }

  @Test("the ends take their own formats")
  func ends() throws {
    var configuration = try Self.configuration("int4")
    configuration.ends = Configuration.Ends(
      weights: try Self.specification("int8", .channel),
      activations: try Self.specification("int8", .tensor)
    )
    let result = try Self.experiment(limit: 50).run(configuration)
    let quantizers = result.layers.map { $0.weights?.quantizer ?? "" }
    #expect(quantizers.first == "int8:channel:mse")
    #expect(quantizers.last == "int8:channel:mse")
    #expect(Set(quantizers.dropFirst().dropLast()) == ["int4:channel:mse"])
  }

  @Test("quantizing activations without calibration images is refused")
  func noCalibration() throws {
    let experiment = try Self.experiment(limit: 10, calibration: 0)
    #expect(throws: ExperimentError.noCalibrationImages) { try experiment.run(Self.configuration("int8")) }
    _ = try experiment.run(Configuration(weights: Self.specification("int8", .channel)))
  }

  @Test("images that do not fit the network are refused")
  func mismatch() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "binade-\(UUID().uuidString).bin")
    try Data(count: 3073).write(to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(throws: NetworkError.inputMismatch(model: "1×28×28", data: "3×32×32")) {
      try Experiment(
        model: Model(contentsOf: EmbeddedModels.resNet8Weights),
        data: DatasetFolder(folder),
        imageLimit: nil,
        options: Experiment.Options(threads: 1)
      )
    }
  }

  @Test("quantizers as text: defaults, all parts, and what is wrong")
  func parsing() throws {
    #expect(try Self.specification("int8", .tensor).description == "int8:tensor:mse")
    #expect(
      try Self.specification("int8:channel:percentile99.99:down", .tensor).description
        == "int8:channel:percentile99.99:down"
    )
    for text in ["int8:chanel", "int8:channel:maks", "int8:channel:max:upp", "int8:a:b:c:d", "int88"] {
      #expect(throws: (any Error).self, "\(text)") { try Self.specification(text, .tensor) }
    }
    do {
      _ = try Self.specification("int8:chanel", .tensor)
    } catch {
      #expect("\(error)" == "no granularity 'chanel'; did you mean 'channel'? (allowed: tensor, channel)")
    }
  }
}
