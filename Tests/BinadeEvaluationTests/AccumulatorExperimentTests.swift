import Binade
import Foundation
import Testing

/// The embedded network with accumulators that are formats.
@Suite struct AccumulatorExperimentTests {
  static func accumulator(_ name: String, every interval: Int = 1) throws -> Accumulator {
    let format = try FormatCatalog().format(named: name)
    return Accumulator(
      AccumulatorModel(
        sum: try AccumulatorFormat(format, policy: ConversionPolicy(overflow: .ieee)),
        interval: interval
      )
    )
  }

  static func run(_ operands: String, _ accumulator: Accumulator?, threads: Int = 2) throws
    -> EvaluationResult
  {
    var configuration = try ExperimentTests.configuration(operands)
    configuration.accumulator = accumulator
    return try ExperimentTests.experiment(limit: 120, threads: threads).run(configuration)
  }

  static func right(_ result: EvaluationResult) -> Int {
    Int((result.top1Accuracy * Double(result.imageCount)).rounded())
  }

  @Test("float32 sums are what the float datapath computes, and exact sums are as good")
  func wide() throws {
    let plain = try Self.run("float8_e4m3fn", nil)
    let float = try Self.run("float8_e4m3fn", Self.accumulator("float32"))
    #expect(float.top1Accuracy == plain.top1Accuracy)
    // The same fused steps: inputs of all layers agree to the last bit.
    #expect(float.layers.map(\.activations) == plain.layers.map(\.activations))
    #expect(float.layers.allSatisfy { $0.datapath == .rounded && $0.accumulatorWarnings == [] })
    #expect(plain.layers.allSatisfy { $0.datapath == .float32 && $0.accumulatorWarnings == nil })
    let exact = try Self.run("float8_e4m3fn", .exact())
    #expect(abs(Self.right(exact) - Self.right(plain)) <= 1)
    #expect(exact.layers.allSatisfy { $0.datapath == .exact && $0.accumulatorWarnings == [] })
  }

  @Test("integers are exact as they are, and in an accumulator that holds every sum of theirs")
  func integers() throws {
    let plain = try Self.run("int4", nil)
    for accumulator in [try Accumulator.exact(), try Self.accumulator("int16")] {
      let result = try Self.run("int4", accumulator)
      #expect(result.top1Accuracy == plain.top1Accuracy)
      #expect(result.layers.map(\.activations) == plain.layers.map(\.activations))
    }
    #expect(try Self.run("int4", .exact()).layers.allSatisfy { $0.datapath == .integer4 })
  }

  @Test("an accumulator of 8 bits loses, and the row says why")
  func narrow() throws {
    let plain = try Self.run("int4", nil)
    let narrow = try Self.run("int4", Self.accumulator("int8"))
    #expect(Self.right(narrow) + 20 < Self.right(plain), "\(Self.right(narrow)) of \(Self.right(plain))")
    #expect(narrow.provenance.accumulator == "sum int8")
    #expect(plain.provenance.accumulator == nil)
    #expect(narrow.layers.allSatisfy { $0.accumulatorWarnings?.first?.contains("may overflow") == true })
    let overflowing = try Self.run("float8_e4m3fn", Self.accumulator("float16"))
    #expect(overflowing.top1Accuracy == 0)
    #expect(
      overflowing.layers[0].accumulatorWarnings?.first?.contains("too narrow to hold one product") == true
    )
  }

  @Test("formats between: bfloat16 sums cost little, sums of 16 products less")
  func between() throws {
    let plain = try Self.run("float8_e4m3fn", nil)
    for interval in [1, 16] {
      let result = try Self.run("float8_e4m3fn", Self.accumulator("bfloat16", every: interval))
      #expect(abs(Self.right(result) - Self.right(plain)) <= 4)
    }
  }

  @Test("results do not depend on the number of threads")
  func threads() throws {
    func text(_ threads: Int) throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let results = [
        try Self.run("float8_e4m3fn", Self.accumulator("bfloat16"), threads: threads),
        try Self.run("float8_e4m3fn", .exact(), threads: threads),
      ]
      return String(decoding: try encoder.encode(results), as: UTF8.self)
    }
    let one = try text(1)
    #expect(try text(2) == one)
    #expect(try text(7) == one)
  }

  @Test("operands without a format are refused")
  func unquantized() throws {
    var configuration = Configuration(weights: try ExperimentTests.specification("int4", .channel))
    configuration.accumulator = try Self.accumulator("bfloat16")
    let experiment = try ExperimentTests.experiment(limit: 1)
    let message =
      "conv1: accumulator 'sum bfloat16' sums products of codes; weights and activations need formats"
    do {
      _ = try experiment.run(configuration)
      Issue.record("it ran")
    } catch {
      #expect("\(error)".hasPrefix(message), "\(error)")
    }
  }
}
