import BinadeFormats
import BinadeNumerics
import Foundation
import Testing

/// Definition files of one's own: folders, links, names that are taken.
@Suite struct DefinitionFolderTests {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "binade-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func write(_ file: String, _ text: String) throws -> URL {
    let url = folder.appending(path: file)
    try Data(text.utf8).write(to: url)
    return url
  }

  private func codebook(_ name: String, _ values: String = "[-1, 0, 1]") -> String {
    "name: \(name)\nfamily: codebook\nvalues: \(values)\nsource: a test\n"
  }

  private func refusal(_ url: URL) -> String {
    do {
      _ = try FormatCatalog().entry(named: url.path)
      return "no error"
    } catch {
      return "\(error)".replacing(url.path, with: "FILE")
    }
  }

  @Test("files are called what they like, and links to files are followed")
  func filesAndLinks() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let other = try write("my-ternary.v2.yaml", codebook("ternary"))
    #expect(try FormatCatalog(folders: [folder]).format(named: "ternary").bitWidth == 2)
    #expect(try FormatCatalog().format(named: other.path).name == "ternary")
    let link = folder.appending(path: "link.yml")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: other)
    #expect(try FormatCatalog().format(named: link.path).name == "ternary")
    // A link and its file mean the same: that is no clash.
    let catalog = try FormatCatalog(folders: [folder, folder])
    #expect(catalog.skipped.isEmpty)
    #expect(catalog.names.contains("ternary"))

    let dangling = folder.appending(path: "dangling.yaml")
    try FileManager.default.createSymbolicLink(atPath: dangling.path, withDestinationPath: "/nowhere/x")
    #expect(refusal(dangling) == "FILE: cannot be read: no such file")
    let fifo = folder.appending(path: "fifo.yaml")
    #expect(mkfifo(fifo.path, 0o600) == 0)
    #expect(refusal(fifo) == "FILE: cannot be read: it is not a regular file")
  }

  @Test("a bad file is left out and named; the others load")
  func badFile() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    _ = try write("a.yaml", codebook("a"))
    let bad = try write("bad.yaml", "name: bad\nfamily: integer\nbitwidth: 4\nsource: a test\n")
    _ = try write("c.yaml", codebook("c"))
    let catalog = try FormatCatalog(folders: [folder])
    #expect(catalog.names.filter { ["a", "bad", "c"].contains($0) } == ["a", "c"])
    #expect(catalog.skipped.count == 1)
    #expect("\(catalog.skipped[0])".hasPrefix("\(bad.relativePath):3: unknown key 'bitwidth'"))
    // Who asks for what was left out hears why it is missing.
    do {
      _ = try catalog.format(named: "bad")
      Issue.record("no error")
    } catch {
      #expect("\(error)".contains("1 definition file was left out, the first because"))
      #expect("\(error)".contains("bad.yaml:3: unknown key 'bitwidth'"))
    }
    #expect(throws: FormatDefinitionError.self) {
      try FormatCatalog(folders: [self.folder.appending(path: "none")])
    }
  }

  @Test(
    "no file takes the place of a format that is there, an element's, a block's or one named by parameters",
    arguments: ["int4", "mxfp4_e2m1", "float32", "int12", "q3.9", "bfp5", "e5m9", "posit99"]
  )
  func shadowing(name: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = try write("x.yaml", "name: \(name)\nfamily: integer\nbitWidth: 5\nsource: a test\n")
    let shipped = try FormatCatalog()
    let message = refusal(file)
    let isShipped = shipped.names.contains(name) || shipped.blockFormats.contains { $0.name == name }
    #expect(
      message.hasPrefix(
        isShipped
          ? "the name '\(name)' is defined twice: the catalogue and FILE"
          : "FILE: the name '\(name)' means a format by its parameters already"
      ),
      "\(message)"
    )
    let catalog = try FormatCatalog(folders: [folder])
    #expect(catalog.skipped.count == 1)
    #expect(catalog.names == shipped.names)
  }

  @Test("the same definition again is no clash; two meanings of one name bar both")
  func sameAgain() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let shipped = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../formats/definitions/nf4.yaml"
    )
    try FileManager.default.copyItem(at: shipped, to: folder.appending(path: "copy.yaml"))
    #expect(try FormatCatalog(folders: [folder]).skipped.isEmpty)
    #expect(refusal(folder.appending(path: "copy.yaml")) == "no error")

    _ = try write("one.yaml", codebook("twin"))
    _ = try write("two.yaml", codebook("twin", "[-2, 0, 2]"))
    let catalog = try FormatCatalog(folders: [folder])
    #expect(!catalog.names.contains("twin"))
    #expect(catalog.skipped.count == 1)
    #expect("\(catalog.skipped[0])".hasPrefix("the name 'twin' is defined twice: "))
  }

  @Test("every file that ships is called after its format")
  func shippedNames() throws {
    let definitions = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../formats/definitions"
    )
    let files = try FileManager.default.contentsOfDirectory(atPath: definitions.path)
      .filter { $0.hasSuffix(".yaml") }
    let catalog = try FormatCatalog()
    #expect(Set(files) == Set((catalog.names + catalog.blockFormats.map(\.name)).map { "\($0).yaml" }))
  }
}
