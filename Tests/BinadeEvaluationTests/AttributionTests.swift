import Binade
import Foundation
import Testing

/// Losses taken apart, on the embedded network.
@Suite struct AttributionTests {
  static func experiment(_ limit: Int) throws -> Experiment { try ExperimentTests.experiment(limit: limit) }

  @Test(
    "all sources off are float32 bit for bit; all on are the quantized network",
    arguments: ["int3", "float4_e2m1fn", "nf4:channel"]
  )
  func ends(format: String) throws {
    let experiment = try Self.experiment(200)
    let configuration = try ExperimentTests.configuration(format)
    let attribution = try experiment.attribution(of: configuration)
    #expect(attribution.none.isFloat32 && attribution.none.top1Change == 0)
    #expect(attribution.none.sources.isEmpty)
    let whole = try experiment.run(configuration)
    // Scales are multiplied into the operands here and into the sums there.
    #expect(abs(attribution.all.top1Accuracy - whole.top1Accuracy) <= 0.01)
    #expect(!attribution.all.isFloat32)
    #expect(attribution.sources.map(\.source) == [.clipping, .rounding, .underflow, .meanShift])
    for source in attribution.sources {
      #expect(source.alone?.sources == [source.source])
      #expect(source.without.sources == attribution.all.sources.filter { $0 != source.source })
      #expect(source.alone?.isFloat32 == false)
    }
    let sum = attribution.sources.reduce(0) { $0 + ($1.alone?.top1Change ?? 0) }
    #expect(abs(attribution.interaction - (attribution.all.top1Change - sum)) < 1e-12)
  }

  @Test("rounding of weights alone has the noise of rounding: about 6 dB less for every bit")
  func bits() throws {
    let experiment = try Self.experiment(100)
    let noise = try [4, 6, 8].map { bits in
      let configuration = Configuration(
        weights: try ExperimentTests.specification("int\(bits):channel:max", .channel)
      )
      let attribution = try experiment.attribution(of: configuration)
      return try #require(attribution.sources[1].alone?.logitSignalToQuantizationNoiseInDecibels)
    }
    #expect(noise[1] > noise[0] + 3 && noise[2] > noise[1] + 3, "\(noise)")
    #expect((16...30).contains(noise[2] - noise[0]), "\(noise)")
  }

  @Test("an accumulator is a source of its own, off with its operands")
  func accumulator() throws {
    let experiment = try Self.experiment(30)
    var configuration = try ExperimentTests.configuration("float8_e4m3fn")
    let format = try AccumulatorFormat(FormatCatalog().format(named: "e6m3"))
    configuration.accumulator = Accumulator(AccumulatorModel(sum: format))
    let attribution = try experiment.attribution(of: configuration)
    let source = try #require(attribution.sources.last)
    #expect(source.source == .accumulator && source.alone == nil)
    #expect(attribution.all.sources.contains(.accumulator) && !source.without.sources.contains(.accumulator))
    let (with, without) = (
      try #require(attribution.all.logitSignalToQuantizationNoiseInDecibels),
      try #require(source.without.logitSignalToQuantizationNoiseInDecibels)
    )
    #expect(with < without, "\(with) \(without)")
  }

  @Test("weights alone: no shift is missed; a layer in float32 is left alone")
  func sensitivity() throws {
    let experiment = try Self.experiment(50)
    let configuration = Configuration(weights: try ExperimentTests.specification("int2", .channel))
    let found = try experiment.sensitivities(to: configuration)
    #expect(found.map(\.layer) == experiment.model.network.layers.map(\.name))
    let noise = found.compactMap(\.run.logitSignalToQuantizationNoiseInDecibels)
    #expect(noise.count == found.count)
    let all = try experiment.attribution(of: configuration).all
    #expect(noise.allSatisfy { $0 > all.logitSignalToQuantizationNoiseInDecibels ?? .infinity })
  }

  @Test(
    "regret is at least 1 for every tensor; a codebook made for normal weights has less of it there than integers",
    arguments: ["int4", "nf4", "float4_e2m1fn", "posit8", "lns4.3"]
  )
  func regret(format: String) throws {
    let experiment = try Self.experiment(1)
    let regrets = try experiment.regrets(of: ExperimentTests.configuration(format), threads: 2)
    #expect(regrets.count == 2 * experiment.model.network.layers.count)
    for tensor in regrets { #expect((tensor.regret ?? .infinity) >= 1, "\(tensor.layer) \(tensor.tensor)") }
    if format == "nf4" {
      let integers = try experiment.regrets(of: ExperimentTests.configuration("int4"), threads: 2)
      func weights(_ all: [TensorRegret]) -> Double {
        all.filter { $0.tensor == .weights }.reduce(0) { $0 + $1.meanSquaredError }
      }
      #expect(weights(regrets) < weights(integers))
    }
  }

  /// conv1 has 9 weights per channel and 16 levels: no channel counts. The input of conv1 are pixels, of at most 256 values.
  @Test(
    "channels with no more values than the format has levels are left out of the regret, and that is said"
  )
  func tinyChannels() throws {
    let experiment = try Self.experiment(1)
    let configuration = try ExperimentTests.configuration("int4")
    let regrets = try experiment.regrets(of: configuration, threads: 2)
    let first = try #require(regrets.first { $0.layer == "conv1" && $0.tensor == .weights })
    #expect(first.regret == nil && first.leftOutChannelCount == 8)
    let others = regrets.filter { $0.layer != "conv1" }
    #expect(others.allSatisfy { $0.leftOutChannelCount == 0 && ($0.regret ?? 0) >= 1 })
    let entry = Explanation.Entry(
      label: "int4",
      attribution: try experiment.attribution(of: configuration),
      sensitivities: nil,
      regrets: regrets
    )
    let explanation = Explanation(experiment, entries: [entry])
    let row = try #require(
      explanation.layerTable(entry).text.split(separator: "\n").first { $0.hasPrefix("conv1") }
    )
    #expect(!row.contains("inf") && row.split(separator: " ")[3] == "-", "\(row)")
    #expect(
      explanation.leftOut(entry)?.hasPrefix("8 channels of 1 tensors have no more different values") == true
    )
  }

  @Test(
    "bars of losses have intervals: about the loss, wider for fewer images, none where nothing can differ"
  )
  func intervals() throws {
    func explanation(_ limit: Int) throws -> Explanation {
      let experiment = try Self.experiment(limit)
      let configuration = try ExperimentTests.configuration("int2")
      let entry = Explanation.Entry(
        label: "int2",
        attribution: try experiment.attribution(of: configuration),
        sensitivities: try experiment.sensitivities(to: configuration),
        regrets: []
      )
      return Explanation(experiment, entries: [entry, entry])
    }
    func bars(_ explanation: Explanation) throws -> [[Double]] {
      let plot = try #require(explanation.plots.first { $0.name == "sensitivity" })
      #expect(plot.script.contains("histogram errorbars") && plot.script.contains("set key tmargin"))
      return plot.data.split(separator: "\n").dropFirst().map { line in
        line.split(separator: "\t").dropFirst().compactMap { Double($0) }
      }
    }
    let (few, many) = (try explanation(40), try explanation(160))
    let (fewBars, manyBars) = (try bars(few), try bars(many))
    for (a, b) in zip(fewBars, manyBars) {
      #expect(a.count == 6 && b.count == 6)
      #expect(a[1] < a[0] && a[0] < a[2] && b[1] < b[0] && b[0] < b[2])
    }
    func width(_ bars: [[Double]]) -> Double { bars.reduce(0) { $0 + $1[2] - $1[1] } }
    #expect(width(fewBars) > 1.5 * width(manyBars))
    let none = few.entries[0].attribution.none
    #expect(none.isFloat32 && none.top1ChangeInterval.upper == -none.top1ChangeInterval.lower)
  }

  @Test(
    "recipes are taken apart too: all sources on are the recipe's network, all off are float32",
    arguments: ["aciq+alloc+bias", "best"]
  )
  func recipe(text: String) throws {
    let experiment = try Self.experiment(60)
    let configuration = try PostTrainingTests.configuration(text, weights: "int3")
    let attribution = try experiment.attribution(of: configuration)
    #expect(attribution.none.isFloat32)
    let logits = experiment.evaluator.logits(of: try experiment.compile(configuration), limit: 60)
    let float = experiment.evaluator.logits(of: CompiledNetwork(experiment.model.network), limit: 60)
    let (signal, noise) = zip(float, logits).reduce(into: (0.0, 0.0)) { sums, pair in
      let error = Double(pair.0) - Double(pair.1)
      sums.0 += Double(pair.0) * Double(pair.0)
      sums.1 += error * error
    }
    let found = try #require(attribution.all.logitSignalToQuantizationNoiseInDecibels)
    #expect(abs(found - 10 * log10(signal / noise)) < 0.01)
    #expect(attribution.sources.allSatisfy { $0.alone?.isFloat32 == false })
  }
}
