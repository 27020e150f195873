import BinadeNumerics
import BinadeOutput
import Foundation

/// The plot of the relative error of rounding to nearest over the magnitude, both on logarithmic axes.
package struct FormatErrorPlot: Sendable {
  private let format: any NumericFormat
  private let facts: FormatFacts
  private let positive: RelativeErrorCurve?
  private let negative: RelativeErrorCurve?
  private let greatest: Double
  private let least: Double

  /// Creates the plot of `format`.
  ///
  /// Throws ``FormatError`` when its values make no ladder.
  package init(of format: any NumericFormat, _ facts: FormatFacts) throws(FormatError) {
    self.format = format
    self.facts = facts
    let walk = ValueWalk(try format.makeLadder())
    positive = RelativeErrorCurve(format, walk, isNegative: false)
    negative = walk.isMirrored ? nil : RelativeErrorCurve(format, walk, isNegative: true)
    let magnitudes = [walk.leastPositive?.value, walk.greatestNegative?.value].compactMap { $0.map(abs) }
    least = magnitudes.min() ?? 1
    greatest = max(abs(walk.ladder.least.value), abs(walk.ladder.greatest.value))
  }

  private struct Block {
    let title: String
    let points: [RelativeErrorCurve.Point]
    let style: String
  }

  private var blocks: [Block] {
    let sides = [
      (positive, "#6fa8d6", "#0b3c5d", negative == nil ? "" : ", positive numbers", ""),
      (negative, "#e39aa0", "#a02020", ", negative numbers", "dt (10,6)"),
    ]
    let curves = sides.flatMap { curve, light, dark, side, dash -> [Block] in
      guard let curve else { return [] }
      return [
        Block(
          title: "relative error\(side)",
          points: curve.points,
          style: "with lines lw 1 lc rgb \"\(light)\" title \"relative error\(side)\""
        ),
        Block(
          title: "greatest error between two neighbours\(side)",
          points: curve.peaks,
          style: "with lines lw 2 \(dash) lc rgb \"\(dark)\" title \"greatest between two neighbours\(side)\""
        ),
      ]
    }
    let range = facts.leastNormalMagnitude == nil ? "range" : "normal range"
    return (curves + bounds.map { block($0, range) }).filter { !$0.points.isEmpty }
  }

  private struct Bound {
    let error: RelativeErrorBound
    let side: String
    let colour: String
  }

  /// The greatest error of each side where the sides differ, else the one of both.
  private var bounds: [Bound] {
    guard negative != nil, !facts.sides.isEmpty else {
      return facts.greatestRelativeError.map { [Bound(error: $0, side: "", colour: "#d62728")] } ?? []
    }
    return facts.sides.compactMap { side in
      side.greatestRelativeError.map {
        Bound(
          error: $0,
          side: ", \(side.sign.rawValue) numbers",
          colour: side.sign == .positive ? "#0b3c5d" : "#d62728"
        )
      }
    }
  }

  private func block(_ bound: Bound, _ range: String) -> Block {
    Block(
      title: "greatest error in the \(range)\(bound.side)",
      points: [bound.error.leastMagnitude, bound.error.greatestMagnitude].map {
        RelativeErrorCurve.Point(magnitude: $0, error: bound.error.value)
      },
      style: "with lines lw 2 dt 2 lc rgb \"\(bound.colour)\" title \"greatest in the \(range)"
        + "\(bound.side): \(Self.percent(bound.error.value))\""
    )
  }

  /// Script and data, under the name `name`.
  package func files(named name: String) -> PlotFiles {
    let blocks = blocks
    let data =
      blocks.map { block in
        "# \(block.title): |x|, |rounded x - x| / |x|\n"
          + GnuplotText.rows(block.points.map { [$0.magnitude, $0.error] })
      }.joined(separator: "\n\n\n") + "\n"
    let (bottom, top) = percentRange(blocks)
    let plots = blocks.enumerated().map { index, block in
      "data index \(index) using 1:(100 * $2 > bottom ? 100 * $2 : bottom) \(block.style)"
    }
    let script = """
      # gnuplot \(name).gp   draws \(name).svg and \(name).png from \(name).tsv
      set datafile separator "\\t"
      data = \(GnuplotText.quoted(name + ".tsv"))
      bottom = \(bottom)
      set title \(GnuplotText.quoted("Relative error of rounding to nearest: " + format.name)) noenhanced
      set xlabel "|x|"
      set ylabel "|rounded x - x| / |x|"
      set y2label "the same as a power of two"
      set logscale x 2
      set logscale y 10
      set logscale y2 10
      set xrange [\(least / 4):\(4 * greatest)]
      set yrange [\(bottom):\(top)]
      set y2range [\(bottom):\(top)]
      set format x "2^{%L}"
      set format y "%g %%"
      set xtics nomirror (\(magnitudeTicks))
      set ytics nomirror
      set y2tics (\(powerTicks(bottom, top)))
      set grid xtics ytics lt 1 lw 0.5 lc rgb "#dddddd"
      set key tmargin center horizontal
      \(marks)
      """
    return PlotFiles(
      name: name,
      script: script + "\n"
        + GnuplotText.pictures(
          name,
          width: 1400,
          height: 760,
          "plot " + plots.joined(separator: ", ")
        ),
      data: data
    )
  }

  /// From an eighth of the least peak to twice the greatest error drawn, in per cent.
  private func percentRange(_ blocks: [Block]) -> (bottom: Double, top: Double) {
    let peaks = [positive, negative].compactMap(\.self).flatMap(\.peaks).map(\.error).filter { $0 > 0 }
    let errors = blocks.flatMap(\.points).map(\.error)
    let leastPeak = peaks.min() ?? errors.filter { $0 > 0 }.min() ?? 0.01
    return (100 * leastPeak / 8, 200 * max(1, errors.max() ?? 1))
  }

  private var magnitudeTicks: String {
    let exponents = (Int(least.exponent) - 2)...(Int(greatest.exponent) + 2)
    let step = max(1, NumberLineAxis.exponentStep(exponents.count) / 2)
    return exponents.filter { $0.isMultiple(of: step) }
      .map { "\"2^{\($0)}\" \(Double(sign: .plus, exponent: $0, significand: 1))" }.joined(separator: ", ")
  }

  private func powerTicks(_ bottom: Double, _ top: Double) -> String {
    let exponents = Int(log2(bottom / 100).rounded(.up))...Int(log2(top / 100).rounded(.down))
    let step = NumberLineAxis.exponentStep(exponents.count)
    return exponents.filter { $0.isMultiple(of: step) }.map { "\"2^{\($0)}\" \(100 * exp2(Double($0)))" }
      .joined(separator: ", ")
  }

  /// Vertical lines at the least, the least normal and the greatest magnitude, of each side where they differ.
  private var marks: String {
    var marks: [(Double, String, Double, String)] = []
    if facts.sides.isEmpty {
      marks = [(least, "least", 0.97, "left"), (greatest, "greatest", 0.97, "right")]
    } else {
      for (side, height) in zip(facts.sides, [0.97, 0.92]) {
        marks.append((side.leastMagnitude, "least \(side.sign.rawValue)", height, "left"))
        marks.append((side.greatestMagnitude, "greatest \(side.sign.rawValue)", height, "right"))
      }
    }
    if let normal = facts.leastNormalMagnitude, normal > least {
      marks.append((normal, "least normal", 0.87, "left"))
    }
    return marks.map { value, name, height, side in
      let shift = side == "left" ? "0.6" : "-0.6"
      return """
        set arrow from \(value), graph 0 to \(value), graph 1 nohead lw 1 dt 3 lc rgb "#555555"
        set label "\(name) \(GnuplotText.number(value))" at \(value), graph \(height) \(side) \
        offset character \(shift), 0 font ",11" tc rgb "#333333"
        """
    }.joined(separator: "\n")
  }

  private static func percent(_ fraction: Double) -> String {
    String(format: "%.4g", 100 * fraction) + " %"
  }
}
