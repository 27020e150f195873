import Binade
import Foundation
import Testing

/// What the plots of a format draw, before gnuplot draws it.
@Suite struct FormatPlotTests {
  /// Blocks of rows of numbers.
  private func blocks(_ data: String) -> [[[Double]]] {
    data.components(separatedBy: "\n\n\n").map { block in
      block.split(separator: "\n").filter { !$0.hasPrefix("#") }
        .map { $0.split(separator: "\t").compactMap { Double($0) } }
    }
  }

  private func format(_ name: String) throws -> any NumericFormat {
    try FormatCatalog().format(named: name)
  }

  @Test("the values of int4 on both axes, and the counts of its binades")
  func values() throws {
    let format = try format("int4")
    let files = try FormatValuePlot(of: format, FormatFacts(of: format)).files(named: "x")
    let found = blocks(files.data)
    #expect(files.sourceNames == ["x.gp", "x.tsv"])
    #expect(found.count == 8)
    #expect(found[0] == (-8 ... -1).map { [Double($0), Double($0)] })
    #expect(found[1] == (1...7).map { [Double($0), Double($0)] })
    #expect(found[2] == [[0, 0]])
    // 1 stands at 1, 2 at 2, 4 at 3, 8 at 4 binades from zero.
    #expect(found[3].first == [-4, -8])
    #expect(found[4].map { $0[0] }[3] == 3)
    // Boxes in the middle of their binades.
    #expect(found[6] == [[-1.5, 1, 0], [-2.5, 2, 1], [-3.5, 4, 2], [-4.5, 1, 3]])
    #expect(found[7] == [[1.5, 1, 0], [2.5, 2, 1], [3.5, 4, 2]])
  }

  @Test("the error of float8_e4m3fn: 1 below half the least value, at most 1/17 in the normal range")
  func error() throws {
    let format = try format("float8_e4m3fn")
    let files = try FormatErrorPlot(of: format, FormatFacts(of: format)).files(named: "x")
    let found = blocks(files.data)
    #expect(found.count == 3)
    let greatest: Double = 1.0 / 17
    let (curve, peaks, bound) = (found[0], found[1], found[2])
    #expect(curve.first == [0x1p-11, 1])
    #expect(curve.last == [4 * 448, 0.75])
    #expect(zip(curve, curve.dropFirst()).allSatisfy { $0[0] <= $1[0] })
    #expect(curve.allSatisfy { !(0x1p-6...448).contains($0[0]) || $0[1] <= greatest })
    // 125 pairs of positive neighbours; 1.0625 lies between the first two of a binade, 1.9375 between the last.
    #expect(peaks.count == 125)
    #expect(peaks.contains([1.0625, greatest]))
    let last: Double = 1.0 / 31
    #expect(peaks.contains([1.9375, last]))
    #expect(bound.map { $0[0] } == [0x1p-6, 448])
    #expect(bound.map { $0[1] } == [greatest, greatest])
  }

  @Test(
    "the curve is what the reference encoder makes, for every family",
    arguments: ["posit8", "nf4", "lns3.2"]
  )
  func curve(name: String) throws {
    let format = try format(name)
    let walk = ValueWalk(try format.makeLadder())
    for isNegative in [false, true] {
      let curve = try #require(RelativeErrorCurve(format, walk, isNegative: isNegative))
      for point in curve.points {
        let x = isNegative ? -point.magnitude : point.magnitude
        let below = walk.atOrBelow(x)?.value ?? walk.ladder.least.value
        let above = walk.atOrAbove(x)?.value ?? walk.ladder.greatest.value
        #expect([below, above].contains { abs($0 - x) / abs(x) == point.error }, "\(name) \(x)")
      }
      #expect(curve.peaks.allSatisfy { $0.error > 0 })
    }
  }

  @Test("wide formats are thinned; formats on one side of zero have one curve")
  func wideAndUnsigned() throws {
    let wide = try format("float32")
    let facts = try FormatFacts(of: wide)
    let values = blocks(try FormatValuePlot(of: wide, facts).files(named: "x").data)
    #expect(values.map(\.count).reduce(0, +) < 5000)
    let errors = blocks(try FormatErrorPlot(of: wide, facts).files(named: "x").data)
    #expect(errors.count == 2)
    #expect(errors[0].count < 2000)
    let unsigned = try format("uint4")
    let data = try FormatErrorPlot(of: unsigned, FormatFacts(of: unsigned)).files(named: "x").data
    #expect(!data.contains("negative"))
  }

  @Test("where the sides differ, each has its curve, its greatest error and its ends")
  func sides() throws {
    let nf4 = try format("nf4")
    let files = try FormatErrorPlot(of: nf4, FormatFacts(of: nf4)).files(named: "x")
    #expect(blocks(files.data).count == 6)
    for title in [
      "greatest error between two neighbours, positive numbers",
      "greatest error between two neighbours, negative numbers",
      "greatest error in the range, positive numbers",
      "greatest error in the range, negative numbers",
    ] {
      #expect(files.data.contains("# \(title):"), "\(title)")
    }
    for mark in [
      "least positive 0.0795803", "least negative 0.09105", "greatest positive 1", "greatest negative 1",
    ] {
      #expect(files.script.contains("\"\(mark)\""), "\(mark)")
    }
  }

  @Test("every format of the catalogue has both plots and a text")
  func all() throws {
    for format in try FormatCatalog().formats {
      let facts = try FormatFacts(of: format)
      let plots = [
        try FormatValuePlot(of: format, facts).files(named: "x"),
        try FormatErrorPlot(of: format, facts).files(named: "x"),
      ]
      for plot in plots {
        #expect(!plot.data.contains("nan") && !plot.data.contains("inf"), "\(format.name)")
      }
      let text = try FormatDescriptionText(format, facts)
      #expect(!(text.numbers + text.binades + text.numberLine).contains("nan"), "\(format.name)")
    }
  }

  @Test("a format's name is never a path or a command")
  func names() throws {
    #expect(PlotFiles.fileName("q3.4") == "q3.4")
    #expect(PlotFiles.fileName("../a`b$c'") == "_.._a_b_c_")
    #expect(PlotFiles.fileName("") == "_")
    let format = try CodebookFormat(
      info: FormatInfo(name: "`touch x`'\n", bitWidth: 0, family: .codebook),
      values: [0, 1, 3]
    )
    let script = try FormatErrorPlot(of: format, FormatFacts(of: format)).files(named: "x").script
    #expect(script.contains("set title 'Relative error of rounding to nearest: `touch x`\'\' ' noenhanced"))
  }

  @Test("the number line of int3 has its eight values where they belong")
  func numberLine() throws {
    let walk = ValueWalk(try format("int3").makeLadder())
    let linear = NumberLineAxis(.linear, walk)
    #expect(linear.text(walk, width: 15) == "|·|·|·|·|·|·|·|")
    #expect(linear.text(walk, width: 8) == "||||||||")
    let binades = NumberLineAxis(.binades, walk)
    #expect(binades.range == -3...(log2(3) + 1))
    #expect(binades.position(of: -4) == -3)
    #expect(binades.value(at: 2) == 2)
  }
}
