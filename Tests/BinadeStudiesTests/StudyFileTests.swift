import BinadeFormats
import BinadeStudies
import Testing

/// Study files: the points that they ask for, and what is wrong with them.
@Suite struct StudyFileTests {
  private static func labels(_ yaml: String) throws -> [String] {
    try StudyFile(yaml: yaml, file: "s.yaml").points.map(\.label)
  }

  @Test(
    "axes are combined, the first of the list of axes slowest; skipped points are left out, others added, each once"
  )
  func grid() throws {
    let found = try Self.labels(
      """
      study: s
      formats: [int4, nf4]
      ends: [none, int8]
      ptq: [none, best]
      skip: ["formats=nf4 ptq=best", "formats=int4 ends=none ptq=none"]
      points: ["formats=int8", "formats=nf4 ends=int8"]
      """
    )
    #expect(
      found == [
        "int4, ptq best", "int4, ends int8", "int4, ends int8, ptq best", "nf4", "nf4, ends int8", "int8",
      ]
    )
  }

  @Test("presets are studies whose points all make sense", arguments: StudyPresets.names)
  func presets(name: String) throws {
    let study = try StudyFile(contentsOf: name)
    #expect(study.name == name && !study.points.isEmpty)
    let catalog = try FormatCatalog()
    for point in study.points { _ = try point.configuration(catalog) }
  }

  @Test("a study that begins with a preset adds to it")
  func presetKey() throws {
    let quick = try StudyFile(contentsOf: "quick").points.count
    let more = try StudyFile(yaml: "study: mine\npreset: quick\npoints: [\"formats=int2\"]\n", file: "s.yaml")
    #expect(more.points.count == quick + 1)
  }

  @Test("granularity and calibration go to formats that do not say")
  func granularity() throws {
    let catalog = try FormatCatalog()
    var point = StudyPoint([.format: "int4/int8:tensor:max", .granularity: "tensor", .calibration: "octav"])
    let configuration = try point.configuration(catalog)
    #expect(configuration.weights?.description == "int4:tensor:octav")
    #expect(configuration.activations?.description == "int8:tensor:max")
    point[.granularity] = "row"
    #expect(throws: (any Error).self) { try point.configuration(catalog) }
  }

  @Test(
    "what is no study is a sentence that says what would be",
    arguments: [
      ("formats: int4\n", "does not name its study"), ("study: s\nfromats: int4\n", "did you mean 'formats'"),
      ("study: s\nformats: []\n", "has no value"), ("study: s\nformats: {a: b}\n", "a list of values"),
      ("study: s\npoints: [\"int4\"]\n", "AXIS=VALUE"), ("study: s\npreset: quikc\n", "did you mean 'quick'"),
      ("study: s\nformats: int4\nskip: [\"formats=int4\"]\n", "asks for no run"), ("[1, 2]\n", "is no study"),
      ("study: &a s\n", "anchor"), ("study: s\npoints: [\"format=int4\"]\n", "did you mean 'formats'"),
    ]
  )
  func badFiles(yaml: String, message: String) {
    do {
      _ = try StudyFile(yaml: yaml, file: "s.yaml")
      Issue.record("'\(yaml)' was read")
    } catch {
      #expect("\(error)".contains(message), "\(error)")
    }
  }

  @Test("axes whose product is a slip are refused before they are combined")
  func tooMany() {
    let values = (0..<2000).map { "f\($0)" }.joined(separator: ", ")
    #expect(throws: StudyFileError.tooManyPoints(file: "s.yaml")) {
      try StudyFile(yaml: "study: s\nformats: [\(values)]\nends: [\(values)]\n", file: "s.yaml")
    }
  }
}
