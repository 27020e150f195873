import Binade
import Foundation
import Testing

/// Where the plots of a comparison put things, before gnuplot draws them.
@Suite struct CostPlotTests {
  @Test("ticks: the welcome ones first, none nearer than asked, all within the range")
  func ticks() {
    let scale = PlotScale.symmetric(linear: 0.5)
    let range = scale.position(of: -80)...scale.position(of: 1)
    let chosen = PlotTick.chosen(
      PlotTick.changes(from: -80, to: 1),
      scale: scale,
      within: range,
      distance: 0.4
    )
    #expect(chosen.map(\.value) == [-50, -20, -10, -5, -2, -1, -0.5, 0, 0.5, 1])
    #expect(chosen.map(\.text).suffix(3) == ["0", "+0.5", "+1"])
    let decades = PlotTick.decades(from: 2e-6, to: 3e3).filter {
      $0.text.contains("10^") || $0.text == "1000"
    }
    #expect(decades.contains { $0.text == "10^{-6}" && abs($0.value - 1e-6) < 1e-18 })
    #expect(decades.contains { $0.text == "1000" })
    // Of float32's 88.14 %: 88 is 0.14 below; fine steps only near it.
    let percentages = PlotTick.percentages(origin: 88.14, from: 9, to: 89)
    #expect(percentages.contains { $0.text == "88" && abs($0.value + 0.14) < 1e-9 })
    #expect(percentages.contains { $0.text == "10" } && !percentages.contains { $0.text == "71" })
  }

  @Test("scales: gnuplot's expression is the position", arguments: [-70.0, -0.3, 0, 0.02, 5])
  func scales(value: Double) {
    #expect(abs(PlotScale.symmetric(linear: 0.4).position(of: value) - asinh(value / 0.4)) < 1e-15)
    if value > 0 { #expect(PlotScale.logarithmic.position(of: value) == log10(value)) }
    // Nearly proportional below the linear part, a decade is a constant beyond.
    let scale = PlotScale.symmetric(linear: 1)
    #expect(abs(scale.position(of: 1000) - scale.position(of: 100) - log(10)) < 1e-4)
    #expect(abs(scale.position(of: 0.02) - 2 * scale.position(of: 0.01)) < 1e-5)
  }

  @Test("numbers of a column stand a line apart, where they want to if they can, always inside")
  func stacked() {
    #expect(CostPlot.stacked([100, 200, 300], within: 700) == [100, 200, 300])
    // Three at one place: around it.
    #expect(CostPlot.stacked([100, 100, 100], within: 700) == [85, 100, 115])
    // Two groups that touch after they have spread.
    let crowded = CostPlot.stacked([5, 5, 5, 40, 690, 695], within: 700)
    #expect(zip(crowded, crowded.dropFirst()).allSatisfy { $1 - $0 >= 15 - 1e-9 })
    #expect(crowded.allSatisfy { (8...692).contains($0) }, "\(crowded)")
    #expect(CostPlot.stacked([], within: 700).isEmpty)
  }

  @Test("long names are shortened in the middle")
  func shortened() {
    #expect(CostPlot.shortened("int4") == "int4")
    let long = String(repeating: "a", count: 40) + String(repeating: "b", count: 40)
    #expect(CostPlot.shortened(long).count == 44)
    #expect(CostPlot.shortened(long).hasSuffix("bbbb"))
  }

  private static let formats = [
    "int2", "int4", "nf4", "float4_e2m1fn", "pot4", "int8", "float8_e4m3fn", "float8_e5m2", "posit8", "q3.4",
    "lns4.3", "float16", "bfloat16",
  ]

  private static func report(_ limit: Int) throws -> ComparisonReport {
    let experiment = try ExperimentTests.experiment(limit: limit)
    let results =
      try [experiment.run(Configuration())]
      + formats.map { try experiment.run(ExperimentTests.configuration($0)) }
    return ComparisonReport(results, graph: experiment.model.architecture.graph)
  }

  private struct Row {
    let cost, drawn, value, lower, upper: Double
    let label: String
  }

  private func rows(_ files: PlotFiles) throws -> [Row] {
    let block = try #require(files.data.components(separatedBy: "\n\n\n").first)
    return try block.split(separator: "\n").dropFirst().map { line in
      let fields = line.split(separator: "\t")
      let numbers = try fields[1...5].map { try #require(Double($0)) }
      return Row(
        cost: numbers[0],
        drawn: numbers[1],
        value: numbers[2],
        lower: numbers[3],
        upper: numbers[4],
        label: String(fields[8])
      )
    }
  }

  private func range(_ name: String, _ files: PlotFiles) throws -> ClosedRange<Double> {
    let line = try #require(files.script.split(separator: "\n").first { $0.hasPrefix("set \(name) [") })
    let ends = line.dropFirst("set \(name) [".count).dropLast().split(separator: ":").compactMap {
      Double($0)
    }
    return ends[0]...ends[1]
  }

  @Test(
    "the vertical axis fits the data, every row has a place of its own, a number and a line of the legend"
  )
  func plots() throws {
    let report = try Self.report(100)
    for (files, scale) in zip(report.plots, [nil, PlotScale.logarithmic]) {
      let rows = try rows(files)
      #expect(rows.count == Self.formats.count)
      #expect(files.script.contains("float32: "), "\(files.name)")
      let vertical = try range("yrange", files)
      // The script says how values become heights.
      let linear = files.script.firstMatch(of: /asinh\(v \/ ([0-9.e-]+)\)/).flatMap { Double($0.1) }
      let position = (scale ?? .symmetric(linear: linear ?? .nan)).position
      // The Pareto plot holds the line of float32 too.
      let ends =
        rows.flatMap { [position($0.lower), position($0.upper)] }
        + (files.name == "pareto" ? [position(0)] : [])
      let (least, greatest) = (ends.min() ?? 0, ends.max() ?? 0)
      #expect(vertical.contains(least) && vertical.contains(greatest))
      #expect(greatest - least > 0.9 * (vertical.upperBound - vertical.lowerBound), "\(files.name)")
      let horizontal = try range("xrange", files)
      #expect(
        rows.allSatisfy { horizontal.contains($0.drawn) && $0.lower <= $0.value && $0.value <= $0.upper }
      )
      for (_, column) in Dictionary(grouping: rows, by: \.cost) {
        #expect(Set(column.map(\.drawn)).count == column.count, "\(files.name)")
        // Side by side, but nearer to their own cost than to any other.
        for row in column {
          let distances = Set(rows.map(\.cost)).sorted {
            abs(log2(row.drawn / $0)) < abs(log2(row.drawn / $1))
          }
          #expect(distances.first == row.cost, "\(files.name) \(row.label)")
        }
      }
      for (index, row) in rows.enumerated() {
        let name = row.label.dropFirst().dropLast()
        #expect(files.script.contains("'\(index + 1)  \(name)  "), "\(files.name) \(name)")
      }
      try checkNumbers(files, count: rows.count)
    }
  }

  /// Numbers do not touch: those of one column are a line apart, columns are apart from each other.
  private func checkNumbers(_ files: PlotFiles, count: Int) throws {
    let pattern = /set label "(?:\{\/:Bold )?(\d+)\}?" at graph ([-0-9.e]+), graph ([-0-9.e]+) left/
    let places = try files.script.matches(of: pattern).map { match in
      (x: 1200 * (try #require(Double(match.2))), y: 740 * (try #require(Double(match.3))))
    }
    #expect(places.count == count)
    for (index, place) in places.enumerated() {
      #expect((0...1200).contains(place.x) && (0...740).contains(place.y))
      for other in places.dropFirst(index + 1) {
        #expect(abs(place.y - other.y) > 13 || abs(place.x - other.x) > 14, "\(files.name)")
      }
    }
  }

  @Test("gnuplot draws both plots without a warning")
  func draws() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "binade-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let report = try Self.report(10)
    for plot in report.plots {
      try plot.write(to: folder)
      let svg = try String(contentsOf: folder.appending(path: plot.name + ".svg"), encoding: .utf8)
      #expect(svg.contains("</svg>"))
      for name in Self.formats { #expect(svg.contains("\(name)  "), "\(plot.name) \(name)") }
    }
  }
}
