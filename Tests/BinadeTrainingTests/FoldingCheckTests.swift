import BinadeNetworks
import BinadeTraining
import Testing

/// Batch norm in weights and behind sums: as far apart as rounding allows, and no farther.
@Suite struct FoldingCheckTests {
  private static func check(_ name: String, change: (inout NetworkParameters) -> Void = { _ in }) throws
    -> FoldingCheck?
  {
    let graph = TrainingPassTests.graph(name)
    var parameters = TrainingPassTests.parameters(graph)
    change(&parameters)
    let images = try TestImages.of(graph, count: 5)
    let evaluator = Evaluator(images: images, normalization: TestImages.normalization(graph), threads: 1)
    return try FoldingCheck(graph, parameters, evaluator, limit: 3)
  }

  @Test("outputs are within the bound, and not the same", arguments: TrainingPassTests.networks)
  func bound(name: String) throws {
    let check = try #require(try Self.check(name))
    #expect(check.imageCount == 3 && check.layerCount > 1)
    #expect(check.greatestShare > 0 && check.greatestShare <= 1, "\(check.sentence)")
    #expect(check.greatestDifference > 0)
    #expect(check.sentence.contains("within"))
  }

  @Test("a running mean that is off by a ten-thousandth is seen")
  func caught() throws {
    let graph = TrainingPassTests.graph("A")
    let parameters = TrainingPassTests.parameters(graph)
    var others = parameters
    others.withUnsafeMutableValues { values in
      guard let mean = parameters.layout["layer2.0.bn1.running_mean"] else { return }
      values[mean.range.lowerBound] += 1e-4
    }
    let evaluator = Evaluator(
      images: try TestImages.of(graph, count: 5),
      normalization: TestImages.normalization(graph),
      threads: 1
    )
    let check = try #require(
      try FoldingCheck(
        unfolded: FoldedNetwork(graph, parameters, placement: .epilogue),
        folded: FoldedNetwork(graph, others),
        evaluator,
        limit: 3
      )
    )
    #expect(check.greatestShare > 1 && check.layer == "layer2.0.conv1")
    #expect(check.sentence.contains("layer2.0.conv1"))
  }

  @Test("outputs that are not finite are said, not taken for the same")
  func notFinite() throws {
    let check = try Self.check("A") { parameters in
      guard let weights = parameters.layout["conv1.weight"] else { return }
      parameters.withUnsafeMutableValues { $0[weights.range.lowerBound] = .infinity }
    }
    #expect(try #require(check).greatestShare == .greatestFiniteMagnitude)
    #expect(check?.sentence.contains("not finite") == true)
  }

  @Test("small variances, which magnify weights, and negative factors stay within it")
  func extremes() throws {
    let check = try Self.check("A") { parameters in
      let entries = parameters.layout.entries
      parameters.withUnsafeMutableValues { values in
        for entry in entries where entry.role == .runningVariance {
          for place in entry.range { values[place] = place.isMultiple(of: 2) ? 1e-8 : 1e4 }
        }
        for entry in entries where entry.name.hasSuffix("bn1.weight") {
          for place in entry.range { values[place] = -values[place] }
        }
      }
    }
    #expect(try #require(check).greatestShare <= 1)
  }
}
