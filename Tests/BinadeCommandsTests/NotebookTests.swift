import Foundation
import Testing

/// Replays the `console` blocks of the notebooks: what they show is what the commands print.
@Suite struct NotebookTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "notebooks-md")

  static let notebooks =
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }.sorted())
    ?? []

  @Test("there are notebooks")
  func some() { #expect(!Self.notebooks.isEmpty) }

  @Test("console blocks show what the commands print", arguments: notebooks)
  func replay(name: String) throws {
    let scratch = try ScratchFolder()
    let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
    var replayed = 0
    for block in Self.blocks(in: text) {
      if block.kind == "yaml", let first = block.lines.first, first.hasPrefix("name: ") {
        _ = try scratch.write("\(first.dropFirst(6)).yaml", Data(block.lines.joined(separator: "\n").utf8))
      }
      guard block.kind == "console", let command = block.lines.first, command.hasPrefix("$ binade ") else {
        continue
      }
      let arguments = command.dropFirst(9).split(separator: " ").map { word in
        String(word).replacing("./", with: scratch.url.path + "/")
      }
      let run = CommandRun(arguments)
      #expect(run.status == 0, "\(command): \(run.errors)")
      let shown = block.lines.dropFirst()
      let printed = run.output.split(separator: "\n", omittingEmptySubsequences: false).prefix(shown.count)
      #expect(printed.map(String.init) == Array(shown), "\(command)")
      replayed += 1
    }
    #expect(replayed > 0)
  }

  @Test(
    "the README and the first notebook show the plug-in package as it is",
    arguments: [
      "Package.swift", "Sources/binade-sinh/SinhFormat.swift", "Sources/binade-sinh/SinhFormats.swift",
      "Sources/binade-sinh/main.swift",
    ]
  )
  func plugIn(file: String) throws {
    let root = Self.folder.deletingLastPathComponent()
    let source = try String(contentsOf: root.appending(path: "Examples/SinhFormat/" + file), encoding: .utf8)
    for page in ["README.md", "notebooks-md/01-add-a-format.md"] {
      let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
      #expect(text.contains("`\(file)`\n\n```swift\n\(source)```\n"), "\(page)")
    }
  }

  /// The fenced blocks with their language.
  private static func blocks(in text: String) -> [(kind: String, lines: [String])] {
    var blocks: [(kind: String, lines: [String])] = []
    var open: (kind: String, lines: [String])?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("```") {
        if let block = open {
          blocks.append(block)
          open = nil
        } else {
          open = (String(line.dropFirst(3)), [])
        }
      } else {
        open?.lines.append(line)
      }
    }
    return blocks
  }
}
