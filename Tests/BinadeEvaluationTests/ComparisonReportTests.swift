import Binade
import BinadeModelFiles
import Foundation
import Testing

/// What a comparison calls its rows, which it marks and what it says.
@Suite struct ComparisonReportTests {
  /// Results with chosen quantizers and outcomes: one that ran, with its fields replaced.
  private struct Row {
    var weights: String
    var activations: String
    var recipe: String?
    var accumulator: String?
    var bits = 4
    /// Image by image.
    var isRight: [Bool] = []
    var divergence = 0.01
  }

  private static let graph = try? ExperimentTests.experiment(limit: 1, calibration: 1).model.architecture
    .graph

  private func report(_ rows: [Row]) throws -> ComparisonReport {
    let ran = try ExperimentTests.experiment(limit: 2, calibration: 1).run(Configuration())
    let template = try #require(
      JSONSerialization.jsonObject(with: JSONEncoder().encode(ran)) as? [String: Any]
    )
    let float32 = rows.first?.isRight ?? []
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    let results = try rows.map { row -> EvaluationResult in
      var fields = template
      fields["weights"] = row.weights
      fields["activations"] = row.activations
      fields["recipe"] = row.recipe
      fields["weightBitWidth"] = row.bits
      fields["activationBitWidth"] = row.bits
      var provenance = fields["provenance"] as? [String: Any]
      provenance?["accumulator"] = row.accumulator
      fields["provenance"] = provenance
      var cost = fields["cost"] as? [String: Any]
      cost?["bitOperations"] = 1000 * row.bits * row.bits
      fields["cost"] = cost
      let count = max(1, row.isRight.count)
      let accuracy = Double(row.isRight.count { $0 }) / Double(count)
      fields["imageCount"] = count
      fields["top1Accuracy"] = accuracy
      fields["top1Change"] = accuracy - Double(float32.count { $0 }) / Double(count)
      let test = McNemarTest(Top1Outcomes(float32), Top1Outcomes(row.isRight))
      let interval = PairedDifferenceInterval(
        onlyFirst: test.onlyFirst,
        onlySecond: test.onlySecond,
        count: count
      )
      fields["mcNemar"] = try json(test)
      fields["top1ChangeInterval"] = try json(interval)
      fields["top1Outcomes"] = try json(Top1Outcomes(row.isRight))
      var outputs = fields["outputs"] as? [String: Any]
      let isFinite = row.divergence.isFinite
      outputs?["meanDivergence"] = isFinite ? row.divergence : "inf"
      outputs?["meanDivergenceInterval"] =
        isFinite
        ? ["lower": row.divergence / 2, "upper": row.divergence * 2] : ["lower": "inf", "upper": "inf"]
      fields["outputs"] = outputs
      return try decoder.decode(
        EvaluationResult.self,
        from: JSONSerialization.data(withJSONObject: fields)
      )
    }
    return ComparisonReport(results, graph: try #require(Self.graph))
  }

  private func json(_ value: some Encodable) throws -> Any {
    try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
  }

  private func labels(_ rows: [Row]) throws -> Set<String> { Set(try report(rows).labels) }

  private func outcomes(_ right: Int, of count: Int, from first: Int = 0) -> [Bool] {
    (0..<count).map { (first..<first + right).contains($0) }
  }

  // MARK: Labels

  @Test("formats alone where nothing else differs; both where they differ; float32 is float32")
  func formats() throws {
    let rows = [
      Row(weights: "float32", activations: "float32", bits: 32),
      Row(weights: "int4:channel:mse", activations: "int4:tensor:mse"),
      Row(weights: "int8:channel:mse", activations: "int8:tensor:mse", bits: 8),
      Row(weights: "int4:channel:mse", activations: "int8:tensor:mse", bits: 6),
    ]
    #expect(try labels(rows) == ["float32", "int4", "int8", "int4 / int8"])
    #expect(try report(rows).commonLabel == nil)
  }

  @Test("the side that all rows share is said once, not in every label")
  func sharedSide() throws {
    let float32 = Row(weights: "float32", activations: "float32", bits: 32)
    let weights = ["int4", "nf4", "int8"].map {
      Row(weights: "\($0):channel:mse", activations: "int8:tensor:mse")
    }
    #expect(try labels([float32] + weights) == ["float32", "w int4", "w nf4", "w int8"])
    #expect(try report([float32] + weights).commonLabel == "activations int8")
    let activations = ["int4", "nf4"].map {
      Row(weights: "int8:channel:mse", activations: "\($0):tensor:mse")
    }
    #expect(try labels([float32] + activations) == ["float32", "a int4", "a nf4"])
    #expect(try report([float32] + activations).commonLabel == "weights int8")
  }

  @Test("calibration, granularity and rounding alone")
  func details() throws {
    let float32 = Row(weights: "float32", activations: "float32", bits: 32)
    let calibrations = ["max", "mse", "octav"].map {
      Row(weights: "int4:channel:\($0)", activations: "int4:tensor:\($0)")
    }
    #expect(try labels([float32] + calibrations) == ["float32", "max", "mse", "octav"])
    #expect(try report([float32] + calibrations).commonLabel == "weights and activations int4")
    let sides = [
      Row(weights: "int4:tensor:mse", activations: "int4:tensor:max"),
      Row(weights: "int4:channel:mse", activations: "int4:tensor:mse:towardZero"),
    ]
    #expect(
      try labels(sides) == ["w tensor a max a nearestEven", "w channel a mse a towardZero"]
    )
    // Formats and one detail: every row says both, so that no row hides its calibration.
    let mixed = [
      Row(weights: "int4:channel:max", activations: "int4:tensor:mse"),
      Row(weights: "int8:channel:mse", activations: "int8:tensor:mse", bits: 8),
    ]
    #expect(try labels(mixed) == ["int4 w max", "int8 w mse"])
  }

  @Test("recipes and accumulators; rows that nothing tells apart are numbered")
  func others() throws {
    let recipes = ["naive", "best"].map { Row(weights: "int4", activations: "int4", recipe: $0) }
    let eight = Row(weights: "int8", activations: "int8", recipe: "naive", bits: 8)
    #expect(try labels(recipes + [eight]) == ["int4, naive", "int4, best", "int8, naive"])
    #expect(try labels(recipes) == ["naive", "best"])
    let sums = [nil, "bfloat16", "sum q15.16"].map {
      Row(weights: "int8:channel:mse", activations: "int8:tensor:mse", accumulator: $0)
    }
    #expect(try labels(sums) == ["int8", "sums in bfloat16", "sums in q15.16"])
    let same = [Row](repeating: Row(weights: "int4:channel:mse", activations: "int4:tensor:mse"), count: 2)
    let whole = "int4:channel:mse / int4:tensor:mse"
    #expect(try labels(same) == [whole, whole + " (2)"])
    #expect(try labels([same[0]]) == ["int4"])
  }

  // MARK: The front

  /// The front's row has 90 of 100 right. One row has 6 fewer among the same, p = 2/2^6 = 0.031; one has 5 fewer, p = 0.0625.
  @Test("a row is marked unless a paired test puts it below the front")
  func noise() throws {
    let rows = [
      Row(
        weights: "float32",
        activations: "float32",
        bits: 32,
        isRight: outcomes(90, of: 100),
        divergence: 0
      ),
      Row(
        weights: "int3:channel:mse",
        activations: "int3:tensor:mse",
        bits: 3,
        isRight: outcomes(90, of: 100)
      ),
      Row(
        weights: "int4:channel:mse",
        activations: "int4:tensor:mse",
        bits: 4,
        isRight: outcomes(84, of: 100)
      ),
      Row(
        weights: "int5:channel:mse",
        activations: "int5:tensor:mse",
        bits: 5,
        isRight: outcomes(85, of: 100)
      ),
      // As many right as int4, but not the same ones: 10 only here, 16 only there, p = 0.33.
      Row(
        weights: "int6:channel:mse",
        activations: "int6:tensor:mse",
        bits: 6,
        isRight: outcomes(84, of: 100, from: 16)
      ),
    ]
    let report = try report(rows)
    #expect(report.labels == ["int3", "int4", "int5", "int6", "float32"])
    #expect(report.isOnFront == [true, false, false, false, false])
    let comparisons = report.frontComparisons
    #expect(comparisons[0] == nil)
    #expect(comparisons.dropFirst().map { $0?.rival } == [0, 0, 0, 0])
    #expect(abs((comparisons[1]?.test.pValue ?? 1) - 0.03125) < 1e-12)
    #expect(comparisons.dropFirst().map { $0?.isSignificantlyBelow } == [true, false, false, false])
    let marks = report.table.text.split(separator: "\n").dropFirst(2).map { $0.last }
    #expect(marks[0] == "*" && marks[2] == "~" && marks[3] == "~" && marks[1] != "~")
    #expect(report.findings[1].contains("2 rows are not on the front"))
    #expect(report.findings[1].contains("int5; int6."))
    let fields = report.csv.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    let column = try #require(fields[0].firstIndex(of: "pValueAgainstFront"))
    #expect(fields[1][column].isEmpty && fields[2][column].hasPrefix("0.03125"))
  }

  @Test("the sentence names the cheapest format whose loss is not significant, and the nearest of its cost")
  func finding() throws {
    let rows = [
      Row(
        weights: "float32",
        activations: "float32",
        bits: 32,
        isRight: outcomes(90, of: 100),
        divergence: 0
      ),
      Row(
        weights: "int3:channel:mse",
        activations: "int3:tensor:mse",
        bits: 3,
        isRight: outcomes(80, of: 100)
      ),
      Row(
        weights: "int4:channel:mse",
        activations: "int4:tensor:mse",
        isRight: outcomes(86, of: 100),
        divergence: 0.02
      ),
      Row(
        weights: "nf4:channel:mse",
        activations: "nf4:tensor:mse",
        isRight: outcomes(85, of: 100),
        divergence: 0.015
      ),
      Row(
        weights: "int8:channel:mse",
        activations: "int8:tensor:mse",
        bits: 8,
        isRight: outcomes(90, of: 100)
      ),
    ]
    let findings = try report(rows).findings
    #expect(
      findings.first?.hasPrefix(
        "int4 is the cheapest format whose loss against float32 is not significant: a loss of -4.00 points (95 %: "
      ) == true,
      "\(findings)"
    )
    #expect(findings.first?.contains("p = 0.125") == true)
    #expect(
      findings.last?.hasPrefix(
        "Of the 2 formats at that cost, nf4 is nearest to float32's outputs: a divergence of 15.0 "
      )
        == true,
      "\(findings)"
    )
    let bad = try report(Array(rows.prefix(2))).findings
    #expect(
      bad[0].hasPrefix(
        "Every format loses significantly against float32; the least is lost by int3: -10.00 points"
      )
    )
    #expect(try report([rows[0]]).findings.isEmpty)
  }

  @Test("rows without probabilities are on no front of divergence, be they the cheapest")
  func infiniteDivergence() throws {
    let rows = [
      Row(
        weights: "int2:channel:mse",
        activations: "int2:tensor:mse",
        bits: 2,
        isRight: [true],
        divergence: .infinity
      ),
      Row(weights: "int4:channel:mse", activations: "int4:tensor:mse", isRight: [true]),
      Row(
        weights: "int8:channel:mse",
        activations: "int8:tensor:mse",
        bits: 8,
        isRight: [true],
        divergence: 0
      ),
    ]
    let report = try report(rows)
    #expect(report.isOnDivergenceFront == [false, true, true])
    let plot = try #require(DivergencePlot(report))
    #expect(plot.files.script.contains("int2: NaN or infinity, not drawn"))
    #expect(plot.files.script.contains("int8: no divergence, not drawn"))
    #expect(!plot.files.data.contains("int2") && plot.files.data.contains("int4"))
    #expect(DivergencePlot(try self.report([rows[0]])) == nil)
  }
}
