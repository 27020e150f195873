import BinadeFormats
import BinadeOutput
import BinadeStudies
import Foundation
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

/// Reports: whole pages that say what the store has, whatever names are in it.
@Suite struct StudyReportTests {
  /// A page taken apart by a parser of XML, without what browsers may leave out.
  final class Elements: NSObject, XMLParserDelegate {
    var names: [String] = []
    var texts = ""
    func parser(
      _ parser: XMLParser,
      didStartElement name: String,
      namespaceURI: String?,
      qualifiedName: String?,
      attributes: [String: String]
    ) { names.append(name) }
    func parser(_ parser: XMLParser, foundCharacters text: String) { texts += text }
  }

  static func elements(_ html: String) throws -> Elements {
    let page = html.replacingOccurrences(of: "<!doctype html>", with: "")
      .replacingOccurrences(of: "<meta charset=\"utf-8\">", with: "")
      .replacingOccurrences(
        of: #"<meta name="viewport" content="width=device-width, initial-scale=1">"#,
        with: ""
      )
      .replacingOccurrences(of: " hidden>", with: ">")
      .replacing(/<script>[\s\S]*<\/script>/, with: "")
    let (parser, elements) = (XMLParser(data: Data(page.utf8)), Elements())
    parser.delegate = elements
    #expect(parser.parse(), "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
    return elements
  }

  static func store(_ folder: ResultStoreTests.Folder, _ text: String, runs: Bool = true) throws
    -> ResultStore
  {
    let file = folder.url.appending(path: "study.yaml")
    try Data(text.utf8).write(to: file)
    let study = try StudyFile(contentsOf: file.path)
    let store = try ResultStore(folder.path("report.sqlite"), for: .writing)
    try store.register(study, acceptsChange: false)
    if runs {
      let runner = try ResultStoreTests.runner(study, store)
      try runner.run(Array(study.points.indices)) { _, _, _ in }
    }
    return store
  }

  @Test("the page has every run, a chart of each way to count costs, the values of formats and what failed")
  func page() throws {
    let folder = try ResultStoreTests.Folder()
    let store = try Self.store(folder, ResultStoreTests.study)
    let report = try StudyReport(of: nil, in: store, catalog: FormatCatalog()).report
    let elements = try Self.elements(report.html)
    for text in [
      "int8", "int4", "posit8", "nosuchformat", "7 of 7 runs are done, 1 of them without a result", "Summary",
    ] {
      #expect(elements.texts.contains(text), "\(text)")
    }
    // Nobody is sure of 20 right images of 20: Wilson's interval has a width.
    #expect(!elements.texts.contains("(95 %: 100.00 to 100.00)"))
    #expect(
      elements.texts.contains("(95 %: 83.89 to 100.00)") || !elements.texts.contains(": 100.00 % (95 %")
    )
    // Quadratic costs are bit operations here: three ways are left, beside both over bits.
    let charts = report.sections.flatMap(\.blocks).count { if case .chart = $0 { true } else { false } }
    #expect(charts == 5)
    #expect(elements.names.count { $0 == "svg" } > charts)
    #expect(report.sections.map(\.title).contains("Values of formats"))
    #expect(
      report.html
        == (try StudyReport(of: "small", in: store, catalog: FormatCatalog(), threads: 2).report.html)
    )
    // The same in Markdown: what is shown is there, and files of pictures are whole.
    let (text, pictures) = report.markdown(named: "small")
    for picture in pictures {
      #expect(text.contains("](\(picture.name))"))
      #expect(try Self.elements(picture.svg).names.first == "svg")
    }
    #expect(pictures.count == charts + 1 && text.contains("nosuchformat"))
  }

  @Test("a study without results says what is missing")
  func nothing() throws {
    let folder = try ResultStoreTests.Folder()
    let store = try Self.store(folder, ResultStoreTests.study, runs: false)
    let report = try StudyReport(of: nil, in: store, catalog: FormatCatalog()).report
    let elements = try Self.elements(report.html)
    #expect(elements.texts.contains("0 of 7 runs are done; 7 are left"))
    #expect(elements.texts.contains("No run has a result yet: 7 are asked for."))
    #expect(report.sections.map(\.title) == ["Summary"])
    #expect(throws: StoreError.self) { try StudyReport(of: "other", in: store, catalog: FormatCatalog()) }
  }

  @Test("names are text, whatever they hold")
  func hostile() throws {
    let name = "<script>alert('1')</script>\"&\u{1B}[2J|`"
    let chart = try #require(
      Chart(
        name,
        x: (name, false),
        y: (name, true),
        [Chart.Series(name, [Chart.Point(x: 1, y: 2, note: name)])]
      )
    )
    let table = Report.Table(name, columns: [(name, true)], rows: [[.init(name, value: .nan, shade: 7)]])
    let bars = BarChart(name, [(name, [BarChart.Bar(name, share: 0.5, text: name)])])
    let blocks: [Report.Block] = [
      .text(name), .list([name]), .table(table), .chart(chart), .bars(bars), .numberLines([(name, [-1, 1])]),
    ]
    let report = Report(title: name, lead: name, sections: [Report.Section(name, blocks)])
    let elements = try Self.elements(report.html)
    #expect(!elements.names.contains("script") && elements.texts.contains("<script>alert('1')</script>\"&"))
    #expect(!report.html.contains("\u{1B}"))
    let (text, pictures) = report.markdown(named: "x")
    #expect(!text.contains("<script>") && !text.contains("\u{1B}"))
    for picture in pictures { #expect(try !Self.elements(picture.svg).names.contains("script")) }
  }

  @Test("axes reach over all values; what is not finite, or not above 0 on a logarithmic one, is left out")
  func charts() throws {
    for values in [[1.0], [0, 0], [1e-9, 1e12], [-3, 5], [99.1, 99.2], [2e7, 3e7]] {
      let points =
        values.map { Chart.Point(x: $0, y: $0) } + [
          Chart.Point(x: .nan, y: 1), Chart.Point(x: 1, y: .infinity),
        ]
      for isLogarithmic in [false, true] {
        let known = values.filter { !isLogarithmic || $0 > 0 }
        let chart = Chart("", x: ("x", isLogarithmic), y: ("y", isLogarithmic), [Chart.Series("a", points)])
        #expect((chart == nil) == known.isEmpty)
        #expect((chart?.table.rows.count ?? 0) == known.count)
        guard let chart else { continue }
        #expect(
          try Self.elements(
            chart.table.rows.isEmpty
              ? "<a/>" : Report(title: "", lead: "", sections: [Report.Section("", [.chart(chart)])]).html
          ).names.contains("svg")
        )
      }
    }
  }
}
