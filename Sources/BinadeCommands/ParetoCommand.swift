import ArgumentParser
import Binade
import Foundation

extension CostModel: ExpressibleByArgument {}

/// Accuracy over cost: fronts, and whether one curve beats another.
struct ParetoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pareto",
    abstract: "Show which runs of a store no other beats, and whether one curve dominates another.",
    discussion: """
      A curve is a configuration (formats, ends, recipe), its points are networks; runs of several seeds make one point. With
      --reference and --rival every point of the first curve is compared with the rivals that cost no more:
        dominated      one of them is more accurate
        matched        one of them is at most 0.3 points less accurate
        notDominated   all of them are less accurate, or there are none
        undecided      the intervals do not tell
      Points that were measured on training images as well (images: training) have a generalization gap.
      Intervals hold for all pairs together at 95 %, over seeds and images. The curve's verdict is the worst of its points.

      EXAMPLES
        binade pareto results.sqlite --output plots
        binade pareto results.sqlite --reference bfloat16 --rival 'int4, ends int8:channel:mse int8:tensor:mse'
        binade pareto shard-1.sqlite shard-2.sqlite --cost aqtLinear --json
      """
  )

  @Argument(help: "Stores of results.", completion: .file(extensions: ["sqlite"]))
  var stores: [String]

  @Option(help: "Count costs so: aqtQuadratic, aqtLinear, bitOperations, memoryBits. Default: all of them.")
  var cost: CostModel?

  @Option(help: "The curve that is judged.")
  var reference: String?

  @Option(help: "The curve that it is compared with.")
  var rival: String?

  @Option(help: "A folder for a plot of each cost model; made if missing.", completion: .directory)
  var output: String?

  @Flag(help: "Print the comparison as JSON.")
  var json = false

  @OptionGroup var runOptions: RunOptions

  func validate() throws {
    if (reference == nil) != (rival == nil) {
      throw ValidationError("--reference and --rival belong together: name two curves, or none")
    }
    if json, reference == nil { throw ValidationError("--json needs --reference and --rival") }
  }

  func run() throws {
    let all = try CurvePoint.all(in: stores.map { try ResultStore($0, for: .reading) })
    let points = all.filter { !$0.isOfTrainingImages }
    guard !points.isEmpty else {
      throw ValidationError(
        "'\(stores.joined(separator: "', '"))' has no results yet; 'binade study run' makes some"
      )
    }
    let models = cost.map { [$0] } ?? CostModel.allCases
    let console = CommandContext.current.console
    let folder = try output.map { try OutputFolder($0) }
    defer { if let folder { plot(points, models, folder, console) } }
    guard let reference, let rival else {
      console.write(ParetoText.fronts(of: points, models).text)
      console.write("\n*: no other point costs as little and is as accurate.")
      let gaps = GeneralizationGap.all(all)
      if !gaps.isEmpty { console.write("\n" + ParetoText.table(of: gaps).text) }
      return
    }
    let comparisons = try models.map {
      try Dominance(of: reference, by: rival, points, costModel: $0, threads: runOptions.threads)
    }
    if json {
      console.write(try JSONDocument.dominance.text(list: comparisons))
      return
    }
    for comparison in comparisons {
      console.write(ParetoText.table(of: comparison).text)
      console.write("\n" + comparison.sentence.visible() + "\n")
    }
  }
}

extension ParetoCommand {
  /// Draws what there is to see; without gnuplot the scripts are there.
  private func plot(
    _ points: [CurvePoint],
    _ models: [CostModel],
    _ folder: OutputFolder,
    _ console: Console
  ) {
    for model in models {
      guard let plot = CurvesPlot(points, model) else { continue }
      do {
        try plot.files.write(to: folder.url)
        if !json { console.write("written: \(folder.names(plot.files.pictureNames))") }
      } catch {
        console.writeError("note: \(error)")
      }
    }
  }
}

/// Curves in words.
enum ParetoText {
  static func fronts(of points: [CurvePoint], _ models: [CostModel]) -> TextTable {
    let fronts = models.map { model in
      let counted = points.indices.filter { points[$0].costs[model] != nil }
      let isOnFront = ParetoFront.membership(
        counted.map { (cost: points[$0].costs[model] ?? 0, accuracy: points[$0].accuracy) }
      )
      return Set(zip(counted, isOnFront).filter(\.1).map(\.0))
    }
    var table = TextTable(
      columns: [.init("curve", .left), .init("network", .left), .init("runs"), .init("top-1 %")]
        + models.map { .init($0.rawValue) }
    )
    for (index, point) in points.enumerated() {
      table.append(
        [
          point.curve.visible(), point.model.visible(), "\(point.runs.count)",
          String(format: "%.2f", 100 * point.accuracy),
        ]
          + zip(models, fronts).map { model, front in
            point.costs[model].map { String(format: "%.4g", $0) + (front.contains(index) ? " *" : "  ") }
              ?? "-  "
          }
      )
    }
    return table
  }

  static func table(of gaps: [GeneralizationGap]) -> TextTable {
    var table = TextTable(columns: [
      .init("curve", .left), .init("network", .left), .init("runs"), .init("training %"), .init("test %"),
      .init("gap"), .init("95 %"),
    ])
    func percent(_ value: Double, _ format: String = "%.2f") -> String { String(format: format, 100 * value) }
    for gap in gaps {
      let half = 1.96 * gap.standardError
      table.append([
        gap.curve.visible(), gap.model.visible(), "\(gap.runCount)", percent(gap.training), percent(gap.test),
        percent(gap.value, "%+.2f"),
        "\(percent(gap.value - half, "%+.2f")) to \(percent(gap.value + half, "%+.2f"))",
      ])
    }
    return table
  }

  static func table(of comparison: Dominance) -> TextTable {
    var table = TextTable(columns: [
      .init("network", .left), .init(comparison.costModel.rawValue), .init("top-1 %"),
      .init("verdict", .left),
      .init("rival", .left), .init("its cost"), .init("its top-1 %"), .init("difference"), .init("interval"),
    ])
    func points(_ value: Double) -> String { String(format: "%+.2f", 100 * value) }
    for point in comparison.points {
      table.append(
        [
          point.model.visible(), String(format: "%.4g", point.cost),
          String(format: "%.2f", 100 * point.accuracy),
          point.verdict.rawValue,
        ]
          + (point.rival.map { rival in
            [
              rival.model.visible(), String(format: "%.4g", rival.cost),
              String(format: "%.2f", 100 * rival.accuracy), points(rival.difference),
              "\(points(rival.lower)) to \(points(rival.upper))",
            ]
          } ?? ["-", "-", "-", "-", "-"])
      )
    }
    return table
  }
}
