import Binade
import Foundation
import Testing

/// Pictures are whole or not there, whatever the program that draws says of itself.
@Suite struct PictureTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "binade-\(UUID().uuidString)")
  private let plot = PlotFiles(name: "x", script: "plot\n", data: "1\n")

  private static let png =
    [0x89] + Array("PNG\r\n".utf8) + [0x1A, 0x0A, 7, 7] + [0, 0, 0, 0] + Array("IEND".utf8)
    + [0xAE, 0x42, 0x60, 0x82]
  private static let svg = Array("<?xml?><svg>text</svg>\n\n".utf8)

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// A program that writes these bytes and says that all is well.
  private func program(png: [UInt8], svg: [UInt8]) throws -> String {
    for (name, bytes) in [("png", png), ("svg", svg)] {
      try Data(bytes).write(to: folder.appending(path: "drawn.\(name)"))
    }
    let script = folder.appending(path: "draw")
    try Data("#!/bin/sh\ncp ../drawn.png x.png; cp ../drawn.svg x.svg\n".utf8).write(to: script)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
    return script.path
  }

  private var files: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
        $0.hasPrefix("x.") || $0.hasPrefix(".")
      }
      .sorted()
    }
  }

  @Test("whole pictures get their names; every cut of one keeps what was there before")
  func pictures() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try plot.write(to: folder, drawnBy: program(png: Self.png, svg: Self.svg))
    #expect(try files == ["x.gp", "x.png", "x.svg", "x.tsv"])
    for length in Self.png.indices {
      let program = try program(png: Array(Self.png[..<length]), svg: Self.svg)
      let error = #expect(throws: PlotError.self) { try plot.write(to: folder, drawnBy: program) }
      #expect(error?.description.contains("x.png: gnuplot did not write the whole picture") == true)
    }
    // The last line breaks are no part of the picture.
    for length in 0..<Self.svg.count - 2 {
      let program = try program(png: Self.png, svg: Array(Self.svg[..<length]))
      #expect(throws: PlotError.self) { try plot.write(to: folder, drawnBy: program) }
    }
    #expect(try files == ["x.gp", "x.png", "x.svg", "x.tsv"])
    #expect(try Data(contentsOf: folder.appending(path: "x.png")) == Data(Self.png))
    #expect(try Data(contentsOf: folder.appending(path: "x.svg")) == Data(Self.svg))
  }

  @Test("what a program has not written at all is said; script and data are there")
  func missing() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let error = #expect(throws: PlotError.self) { try plot.write(to: folder, drawnBy: "true") }
    #expect(error?.description.contains("it was not written") == true)
    #expect(try files == ["x.gp", "x.tsv"])
    #expect(throws: PlotError.missingGnuplot) { try plot.write(to: folder, drawnBy: "no-such-program") }
    #expect(throws: PlotError.self) { try plot.write(to: folder, drawnBy: "false") }
    #expect(try files == ["x.gp", "x.tsv"])
  }
}
