import Binade
import BinadeModelFiles
import Foundation
import Testing

/// A format whose values lie where the test wants them.
private struct ListedFormat: NumericFormat {
  let info: FormatInfo
  let values: [Double]

  init(_ name: String, bitWidth: Int, _ values: [Double]) {
    var info = FormatInfo(name: name, bitWidth: bitWidth)
    info.scaling = .none
    self.info = info
    self.values = values
  }

  func decode(_ code: UInt32) -> Double { Int(code) < values.count ? values[Int(code)] : .nan }
}

@Suite struct ResultWarningTests {
  private func result(_ format: any NumericFormat) throws -> EvaluationResult {
    try ExperimentTests.experiment(limit: 4, calibration: 8).run(
      Configuration(
        weights: ExperimentTests.specification("int8", .channel),
        activations: QuantizerSpecification(format: format, granularity: .tensor)
      )
    )
  }

  @Test(
    "ordinary formats get no warning",
    arguments: ["int2", "int8", "bfloat16", "posit16", "lns4.3", "float32"]
  )
  func ordinary(name: String) throws {
    let result = try ExperimentTests.experiment(limit: 4, calibration: 8)
      .run(ExperimentTests.configuration(name))
    #expect(result.warnings.isEmpty, "\(result.warnings)")
  }

  @Test("a tensor that saturates as a whole, one that becomes zero, and a wide format without precision")
  func tensors() throws {
    // Every input of the network but 0 is far beyond ±2^-40.
    let tiny = ListedFormat("tiny", bitWidth: 2, [0, 0x1p-40, -0x1p-40])
    let saturated = try result(tiny).warnings
    #expect(
      saturated.contains { $0.contains("is saturated: every element that is not zero") },
      "\(saturated)"
    )
    let huge = ListedFormat("huge", bitWidth: 2, [0, 0x1p40, -0x1p40])
    let zero = try result(huge).warnings
    #expect(zero.contains { $0.contains("became zero, every element") }, "\(zero)")
    // 16 bits, of which only those of 0 and ±1, ±2 ... ±4 lie where the data are.
    let coarse = (0..<65536).map { code in Double((code < 32768 ? 1 : -1) * (code % 32768)) }
    let wide = ListedFormat("wide", bitWidth: 16, coarse.enumerated().map { $0 == 32768 ? .nan : $1 })
    let suspected = try result(wide).warnings
    #expect(
      suspected.contains { $0.contains("dB in 16 bits, where 25 dB are the least to expect") },
      "\(suspected)"
    )
  }

  @Test("errors greater than the values are said, in formats of any width")
  func drowned() throws {
    var configuration = Configuration(
      weights: try ExperimentTests.specification("posit4:channel:max", .channel),
      activations: try ExperimentTests.specification("int8", .tensor)
    )
    let experiment = try ExperimentTests.experiment(limit: 4, calibration: 8)
    let drowned = try experiment.run(configuration)
    #expect(
      drowned.warnings.contains { $0.contains("dB: its error is greater than its values") }
        == ((drowned.layers.compactMap(\.weights).map(\.signalToQuantizationNoiseInDecibels).compactMap { $0 }
          .min() ?? 0) < 0)
    )
    #expect(drowned.warnings.contains { $0.contains("its error is greater than its values") })
    configuration.weights = try ExperimentTests.specification("posit4:channel:mse", .channel)
    let best = try experiment.run(configuration)
    #expect(!best.warnings.contains { $0.contains("its error is greater") }, "\(best.warnings)")
  }

  @Test("NaN and infinity inside the network: counted, out of every figure, in the row and under the table")
  func nonFinite() throws {
    let experiment = try ExperimentTests.experiment(limit: 6, calibration: 8)
    // The values of codes beyond the plateau are huge; sums of their products in float16 overflow.
    var configuration = try ExperimentTests.configuration("float8_e5m2")
    configuration.accumulator = Accumulator(
      AccumulatorModel(sum: try AccumulatorFormat(FormatCatalog().format(named: "float16")))
    )
    let result = try experiment.run(configuration)
    #expect(
      result.warnings.contains { $0.contains("of 6 images hold NaN or infinity") },
      "\(result.warnings)"
    )
    #expect(result.warnings.contains { $0.contains("which no figure includes") }, "\(result.warnings)")
    let counted = result.layers.compactMap(\.activations).filter { $0.nanCount + $0.infiniteCount > 0 }
    #expect(!counted.isEmpty)
    for layer in result.layers.compactMap(\.activations) {
      #expect(layer.meanSquaredError.isFinite && layer.maximumError.isFinite)
      #expect(layer.cosineSimilarity.isFinite)
    }
    let report = ComparisonReport([result], graph: experiment.model.architecture.graph)
    #expect(report.remarks.count == result.warnings.count && report.remarks[0].hasPrefix("! float8_e5m2: "))
    #expect(report.table.text.contains("!") && !report.table.text.contains("nan"))
    let lines = report.csv.split(separator: "\n")
    #expect(lines[0].hasSuffix(",warnings,failure") && lines[1].contains("hold NaN or infinity"))
  }

  @Test("what cannot run is a row with its reason, after the others")
  func failures() throws {
    let experiment = try ExperimentTests.experiment(limit: 4, calibration: 8)
    let configuration = try ExperimentTests.configuration("float8_ue5m3")
    let failure = QuantizationFailure.negativeValues(tensor: "conv1.weight", format: "float8_ue5m3")
    #expect(throws: QuantizationFailure.self) { try experiment.run(configuration) }
    #expect(FailedRun.concernsFormats(failure))
    #expect(!FailedRun.concernsFormats(ExperimentError.noCalibrationImages))
    let result = try experiment.run(ExperimentTests.configuration("int8"))
    let report = ComparisonReport(
      [result],
      failures: [FailedRun(configuration, label: "float8_ue5m3", reason: failure)],
      graph: experiment.model.architecture.graph
    )
    let table = report.table.text.split(separator: "\n")
    #expect(table.count == 4 && table[3].hasPrefix("float8_ue5m3") && table[3].hasSuffix("x"))
    #expect(table[2].hasSuffix("z"))
    #expect(report.remarks == ["x float8_ue5m3: \(failure)"])
    let lines = report.csv.split(separator: "\n")
    #expect(
      lines.count == 3
        && lines[2].hasPrefix("\"float8_ue5m3\",float8_ue5m3:channel:mse,float8_ue5m3:tensor:mse,")
    )
    #expect(lines[2].hasSuffix("\"\(failure)\""))
    let json = try JSONEncoder().encode(report.rows)
    let rows = try #require(try JSONSerialization.jsonObject(with: json) as? [[String: Any]])
    #expect(rows.count == 2 && rows[0]["top1Accuracy"] != nil)
    #expect(rows[1]["failure"] as? String == "\(failure)" && rows[1]["top1Accuracy"] == nil)
  }
}
