import BinadeEvaluation
import BinadeNetworks
import BinadeOutput
import Foundation

/// The plot of curves of accuracy over cost, in one cost model: a line for each, and the front of all of them.
///
/// Points have the numbers of their networks, which the title explains, with what all curves have in common.
public struct CurvesPlot: Sendable {
  /// Script and data; the name is that of the cost model.
  public let files: PlotFiles

  /// A plot of the points that the cost model counts; nil where it counts none.
  public init?(_ points: [CurvePoint], _ model: CostModel) {
    let counted = points.filter { $0.costs[model] != nil }
    guard !counted.isEmpty else { return nil }
    let names = Set(counted.map(\.curve)).sorted()
    let curves = names.map { name in
      counted.filter { $0.curve == name }.sorted { ($0.costs[model] ?? 0) < ($1.costs[model] ?? 0) }
    }
    let networks = Self.networks(counted, model)
    let common = Self.commonParts(names)
    let file = "pareto-\(model.rawValue)"
    func plot(_ index: Int, _ style: String) -> String { "\"\(file).tsv\" index \(index) using \(style)" }
    var plots = [plot(curves.count, "1:2 with steps lw 1 dt 2 lc rgb \"#888888\" title \"front\"")]
    for (index, name) in names.enumerated() {
      let colour = "lc rgb \"\(Self.colours[index % Self.colours.count])\""
      let mark = "pt \(Self.marks[index / Self.colours.count % Self.marks.count])"
      let title = GnuplotText.quoted(Self.rest(name, common))
      plots.append(plot(index, "1:2:3:4 with yerrorbars \(colour) lw 1 pt 0 notitle"))
      plots.append(plot(index, "1:2 with linespoints \(colour) \(mark) lw 2 title \(title) noenhanced"))
    }
    if networks.count > 1, counted.count <= Self.labelledCount {
      plots += curves.indices.map {
        plot($0, "1:2:(sprintf(\"%d\", $5)) with labels font \",10\" offset 1,-0.6 notitle")
      }
    }
    let body = """
      set grid lc rgb "#dddddd"
      set border lw 0.8
      set logscale x
      set format x "10^{%T}"
      set key right bottom
      set xlabel \(GnuplotText.quoted(Self.title(model)))
      set ylabel "Top-1 (%)"
      set title \(Self.title(common, networks)) noenhanced
      plot \(plots.joined(separator: ", \\\n  "))
      """
    let blocks = curves.map { curve in
      GnuplotText.rows(curve.map { Self.row($0, model, networks) })
    }
    files = PlotFiles(
      name: file,
      script: GnuplotText.pictures(file, width: 900, height: 640, body),
      data: (blocks + [GnuplotText.rows(Self.front(counted, model))]).joined(separator: "\n\n\n") + "\n"
    )
  }

  /// More points than this have no room for numbers.
  private static let labelledCount = 60
  /// Longer lists of networks have no room in the title.
  private static let namedNetworkCount = 8
  /// Okabe and Ito's colours, which people with colour blindness tell apart.
  private static let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]
  private static let marks = [7, 5, 9, 13, 11]

  /// Cost, accuracy, the ends of its interval, the number of the network.
  private static func row(_ point: CurvePoint, _ model: CostModel, _ networks: [String]) -> [Double] {
    let half = 1.96 * point.standardError
    return [
      point.costs[model] ?? 0, 100 * point.accuracy, 100 * max(0, point.accuracy - half),
      100 * min(1, point.accuracy + half), Double(networks.firstIndex(of: point.model) ?? 0) + 1,
    ]
  }

  /// The best that each cost buys, as corners.
  private static func front(_ points: [CurvePoint], _ model: CostModel) -> [[Double]] {
    let members = ParetoFront.membership(points.map { (cost: $0.costs[model] ?? 0, accuracy: $0.accuracy) })
    return zip(points, members).filter(\.1).map { [$0.0.costs[model] ?? 0, 100 * $0.0.accuracy] }
      .sorted { ($0[0], $0[1]) < ($1[0], $1[1]) }
  }

  /// The networks, the cheapest first.
  private static func networks(_ points: [CurvePoint], _ model: CostModel) -> [String] {
    let least = Dictionary(points.map { ($0.model, $0.costs[model] ?? 0) }, uniquingKeysWith: min)
    return least.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
  }

  private static func parts(_ name: String) -> [String] { name.components(separatedBy: ", ") }

  /// What the names of all curves have in common: said once.
  private static func commonParts(_ names: [String]) -> [String] {
    guard names.count > 1, let first = names.first else { return [] }
    return parts(first).dropFirst().filter { part in names.allSatisfy { parts($0).contains(part) } }
  }

  private static func rest(_ name: String, _ common: [String]) -> String {
    parts(name).filter { !common.contains($0) }.joined(separator: ", ")
  }

  private static func title(_ common: [String], _ networks: [String]) -> String {
    let named = networks.prefix(namedNetworkCount).enumerated().map { index, name in
      networks.count > 1 ? "\(index + 1) \(name)" : name
    }
    let lines =
      ["Accuracy against cost, bars: 95 % over images and seeds"] + common + [named.joined(separator: ",  ")]
    return lines.map { GnuplotText.quoted($0) }.joined(separator: ".\"\\n\".")
  }

  private static func title(_ model: CostModel) -> String {
    switch model {
    case .aqtQuadratic: "MACs x bits of weights x bits of inputs (AQT, quadratic)"
    case .aqtLinear: "MACs x bits (AQT, linear)"
    case .bitOperations: "Bit operations"
    case .memoryBits: "Bits of weights and scales"
    }
  }
}

extension CurvePoint {
  /// Of the accuracy, 0 to 1: what the sampling of images and the seeds leave open.
  ///
  /// p (1 - p) / images, and the variance of the seeds over their number where there are several.
  public var standardError: Double {
    let count = Double(max(1, runs.map(\.scores.count).min() ?? 1))
    let ofImages = accuracy * (1 - accuracy) / count
    guard runs.count > 1 else { return ofImages.squareRoot() }
    let squares = runs.reduce(0) { $0 + ($1.mean - accuracy) * ($1.mean - accuracy) }
    return (ofImages + squares / Double((runs.count - 1) * runs.count)).squareRoot()
  }
}
