import BinadeEvaluation
import BinadeFormats
import BinadeNetworks
import BinadeNumerics
import BinadeOutput
import Foundation

/// Layers, comparisons, formats.
extension StudyReport {
  /// More rows than this are no picture any more.
  private static let rowLimit = 60

  /// SQNR of weights and inputs, layer by layer.
  var noise: Report.Section {
    func table(_ what: String, _ value: (ReportedRun.Layer) -> Double?) -> [Report.Block] {
      let measured = done.filter { $0.layers.contains { value($0) != nil } }
      return Self.byNetwork(measured).map { model, runs in
        let names = runs[0].layers.map(\.name)
        let shown = runs.prefix(Self.rowLimit)
        let values = shown.map { run in run.layers.map { value($0) } }
        let shades = Self.shades(values.flatMap { $0 })
        let rows = shown.enumerated().map { index, run in
          [Report.Table.Cell(run.label)]
            + values[index].enumerated().map { place, value in
              .init(
                value.map { String(format: "%.0f", $0) } ?? "-",
                value: value,
                shade: shades[index * names.count + place].map { 1 - $0 }
              )
            }
        }
        let left = runs.count > shown.count ? "; the first \(shown.count) of \(runs.count) runs" : ""
        return .table(
          Report.Table(
            "\(model): SQNR of \(what) in dB, the darker the noisier\(left)",
            columns: [("run", false)] + names.map { ($0, true) },
            rows: Array(rows)
          )
        )
      }
    }
    return Report.Section(
      "Noise of layers",
      table("weights") { $0.weightSignalToNoise } + table("inputs") { $0.activationSignalToNoise }
    )
  }

  /// Runs by network, those with the same layers together.
  private static func byNetwork(_ runs: [ReportedRun]) -> [(model: String, runs: [ReportedRun])] {
    Dictionary(grouping: runs) { [$0.model] + $0.layers.map(\.name) }
      .map { (model: $0.key[0], runs: $0.value) }
      .sorted { ($0.model, $0.runs.count) < ($1.model, $1.runs.count) }
  }

  /// Each configuration against the most accurate one of its network.
  var significance: Report.Section {
    var (tests, faults): ([(network: String, test: SignificanceTest)], [String]) = ([], [])
    let networks = Dictionary(grouping: tested) { [$0.model, $0.images] }
    for (key, points) in networks.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      guard let best = points.max(by: { ($0.accuracy, $1.curve) < ($1.accuracy, $0.curve) }) else { continue }
      let others = points.filter { $0.curve != best.curve }.sorted { $0.accuracy > $1.accuracy }
      for point in others.prefix(Self.rowLimit) {
        do {
          let test = try SignificanceTest(
            best.runs,
            point.runs,
            names: (best.curve, point.curve),
            bootstrap: HierarchicalBootstrap(resampleCount: 200),
            threads: threads
          )
          tests.append((key[0], test))
        } catch {
          faults.append("\(Self.name(point)): \(error)")
        }
      }
    }
    guard !tests.isEmpty || !faults.isEmpty else { return Report.Section("Is it more than chance?", []) }
    let rows = zip(tests, SignificanceTest.corrected(tests.map(\.test))).map {
      entry,
      test -> [Report.Table.Cell] in
      [
        .init(entry.network), .init(test.first), .init(test.second),
        .init(String(format: "%+.2f", 100 * test.difference.value), value: test.difference.value),
        .init(
          String(format: "%+.2f to %+.2f", 100 * test.difference.lower, 100 * test.difference.upper),
          value: test.difference.lower
        ),
        .init(String(format: "%.2g", test.correctedPValue), value: test.correctedPValue),
      ]
    }
    return Report.Section(
      "Is it more than chance?",
      [
        .table(
          Report.Table(
            "The most accurate configuration of each network less each other one, in points, with 95 % intervals over images and seeds; p is corrected for all tests of the table (Holm)",
            columns: [
              ("network", false), ("first", false), ("second", false), ("difference", true), ("95 %", true),
              ("p", true),
            ],
            rows: rows
          )
        )
      ] + (faults.isEmpty ? [] : [.text("Not compared:"), .list(faults)])
    )
  }

  /// How much more of its training images a network gets right.
  var gaps: Report.Section {
    let rows = GeneralizationGap.all(points).map { gap -> [Report.Table.Cell] in
      [
        .init(gap.model), .init(gap.curve), .init(Self.percent(gap.training), value: gap.training),
        .init(Self.percent(gap.test), value: gap.test),
        .init(
          "\(Self.percent(gap.value)) ± \(Self.percent(1.96 * gap.standardError))",
          value: gap.value
        ),
      ]
    }
    guard !rows.isEmpty else { return Report.Section("Generalization gap", []) }
    return Report.Section(
      "Generalization gap",
      [
        .table(
          Report.Table(
            "Accuracy on training images, as they are, less that on test images, with 95 %",
            columns: [
              ("network", false), ("configuration", false), ("training %", true), ("test %", true),
              ("gap", true),
            ],
            rows: rows
          )
        )
      ]
    )
  }

  /// Formats of layers where they differ.
  var assignments: Report.Section {
    let mixed = done.filter { $0.assignment != nil }
    let blocks = Self.byNetwork(mixed).map { model, runs -> Report.Block in
      let names = runs[0].layers.map(\.name)
      let rows = runs.prefix(Self.rowLimit).map { run -> [Report.Table.Cell] in
        let formats = Self.formats(of: run.assignment ?? "")
        return [Report.Table.Cell(run.label)]
          + names.map { name in
            let text = formats[name] ?? "-"
            let bits = self.bits(of: text)
            return .init(text, value: bits, shade: bits.map { min($0, 8) / 8 })
          }
      }
      return .table(
        Report.Table(
          "\(model): formats of weights and inputs, layer by layer; the darker the more bits of weights",
          columns: [("run", false)] + names.map { ($0, false) },
          rows: rows
        )
      )
    }
    return Report.Section("Formats of layers", blocks)
  }

  /// `layer=format, layer=format` taken apart; ranges of channels of a layer stay together.
  private static func formats(of assignment: String) -> [String: String] {
    assignment.components(separatedBy: ", ").reduce(into: [:]) { formats, rule in
      let parts = rule.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { return }
      let layer = String(parts[0].prefix { $0 != "[" })
      formats[layer] = formats[layer].map { "\($0), \(parts[1])" } ?? parts[1]
    }
  }

  private func bits(of formats: String) -> Double? {
    let name = formats.prefix { !"/:, ".contains($0) }
    return (try? catalog.format(named: String(name))).map { Double($0.bitWidth) }
  }

  /// The values of the formats that weights have, on lines.
  var numberLines: Report.Section {
    let names = done.map { String($0.weights.prefix { $0 != ":" }) }
    let distinct = names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let lines = distinct.prefix(24).compactMap { name -> (name: String, values: [Double])? in
      guard let format = try? catalog.format(named: name), format.bitWidth <= 8 else { return nil }
      let values = (UInt32(0)..<UInt32(1) << UInt32(format.bitWidth)).map { Double(format.decode($0)) }
        .filter(\.isFinite)
      guard let greatest = values.map(abs).max(), greatest > 0 else { return nil }
      return (name, values.map { $0 / greatest })
    }
    guard !lines.isEmpty else { return Report.Section("Values of formats", []) }
    return Report.Section(
      "Values of formats",
      [.text("What weights can be, as shares of the greatest magnitude."), .numberLines(lines)]
    )
  }
}
