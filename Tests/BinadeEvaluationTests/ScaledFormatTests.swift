import Binade
import BinadeModelFiles
import Foundation
import Testing

/// Formats of every width and taper on a network: scales put the data where they are precise.
@Suite struct ScaledFormatTests {
  static func wideFloat() throws -> any NumericFormat {
    try BinaryFloatFormat(
      info: FormatInfo(name: "e8m7_finite", bitWidth: 0, family: .binaryFloat),
      exponentBitCount: 8,
      significandBitCount: 7,
      specialValues: .finite
    )
  }

  static func configuration(_ format: any NumericFormat, calibration: any Calibration) -> Configuration {
    Configuration(
      weights: QuantizerSpecification(format: format, granularity: .channel, calibration: calibration),
      activations: QuantizerSpecification(format: format, granularity: .tensor, calibration: calibration)
    )
  }

  static func decibels(_ result: EvaluationResult) -> (weights: Double, activations: Double) {
    (
      result.weightSignalToQuantizationNoiseInDecibels ?? .infinity,
      result.activationSignalToQuantizationNoiseInDecibels ?? .infinity
    )
  }

  @Test("SQNR grows with the width of posits and takums, under 'max' as under 'mse'; none is suspected")
  func widths() throws {
    let experiment = try ExperimentTests.experiment(limit: 10, calibration: 16)
    let catalog = try FormatCatalog()
    for calibration in [AbsMaxCalibration(), MSECalibration()] as [any Calibration] {
      for names in [
        ["posit8", "posit16", "posit20", "posit24", "posit32"], ["takum8", "takum16", "takum32"],
        ["takum_linear8", "takum_linear16", "takum_linear32"],
      ] {
        var last = (weights: 20.0, activations: 15.0)
        for name in names {
          let result = try experiment.run(
            Self.configuration(catalog.format(named: name), calibration: calibration)
          )
          let found = Self.decibels(result)
          #expect(found.weights > last.weights + 6, "\(name) \(calibration.name): \(found)")
          #expect(found.activations > last.activations + 6, "\(name) \(calibration.name): \(found)")
          #expect(result.warnings.isEmpty, "\(name): \(result.warnings)")
          last = found
        }
      }
    }
  }

  @Test("floats of 8 exponent bits run scaled: as precise as their significand says")
  func wideFloats() throws {
    let experiment = try ExperimentTests.experiment(limit: 10, calibration: 16)
    for calibration in [AbsMaxCalibration(), MSECalibration()] as [any Calibration] {
      let wide = try experiment.run(Self.configuration(Self.wideFloat(), calibration: calibration))
      // bfloat16 has the same significand and needs no scale.
      let bfloat16 = try experiment.run(ExperimentTests.configuration("bfloat16"))
      #expect(abs(Self.decibels(wide).weights - Self.decibels(bfloat16).weights) < 2)
      #expect(abs(Self.decibels(wide).activations - Self.decibels(bfloat16).activations) < 2)
      #expect(wide.warnings.isEmpty && wide.top1Accuracy == bfloat16.top1Accuracy)
    }
  }

  @Test("posits of es = 3, whose products reach 2^224, give what exact sums give")
  func products() throws {
    let experiment = try ExperimentTests.experiment(limit: 2, calibration: 16)
    var configuration = try ExperimentTests.configuration("posit16_es3")
    let network = try experiment.compile(configuration)
    let found = experiment.evaluator.logits(of: network, limit: 2)
    configuration.accumulator = try .exact()
    let exact = experiment.evaluator.logits(of: try experiment.compile(configuration), limit: 2)
    #expect(found.count == 20 && found.allSatisfy { $0.isFinite })
    let scale = exact.reduce(0) { max($0, abs($1)) }
    let differences = zip(found, exact).map { abs($0 - $1) }
    // A float32 sum that rounds otherwise may move an input by one step of the format, 2^-12 of it.
    #expect(scale > 1 && differences.allSatisfy { $0 < 0x1p-10 * scale }, "\(differences.max() ?? .nan)")
  }

  @Test(
    "without zero points integers lose a bit on inputs that are never negative, and the result says which it was"
  )
  func zeroPoints() throws {
    let experiment = try ExperimentTests.experiment(limit: 20, calibration: 16)
    var configuration = try ExperimentTests.configuration("int6")
    let shifted = try experiment.run(configuration)
    configuration.activations?.zeroPoint = .none
    let plain = try experiment.run(configuration)
    #expect(shifted.usesZeroPoint && !plain.usesZeroPoint)
    let zeroPoints = shifted.layers.compactMap(\.activations).map(\.zeroPoint)
    #expect(zeroPoints.contains(-32))
    #expect(shifted.layers.compactMap(\.weights).allSatisfy { $0.zeroPoint == 0 })
    #expect(plain.layers.compactMap(\.activations).allSatisfy { $0.zeroPoint == 0 })
    let lost = Self.decibels(shifted).activations - Self.decibels(plain).activations
    #expect((2...8).contains(lost), "\(lost) dB")
    #expect(try !experiment.run(ExperimentTests.configuration("float8_e4m3fn")).usesZeroPoint)
  }
}

/// The same on the network that the fault was found on.
@Suite(
  .enabled(
    if: SharedData.hasAll,
    "needs the trained CIFAR networks in BINADE_DATA/models and CIFAR-10 (binary) in BINADE_CIFAR10"
  )
)
struct ScaledFormatCIFARTests {
  @Test("posit32 is no worse than posit16 on ResNet-20")
  func positWidths() throws {
    let experiment = try SharedData.experiment("resnet20-cifar10jpeg", limit: 40)
    let results = try ["posit16", "posit20", "posit32"].map {
      try experiment.run(ExperimentTests.configuration($0))
    }
    for (narrow, wide) in zip(results, results.dropFirst()) {
      #expect(wide.top1Accuracy >= narrow.top1Accuracy)
      #expect(
        ScaledFormatTests.decibels(wide).activations > ScaledFormatTests.decibels(narrow).activations
      )
    }
  }
}
