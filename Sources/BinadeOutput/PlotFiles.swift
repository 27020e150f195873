import Foundation

/// A plot as files of one name: `.gp` the script, `.tsv` its data, `.svg` and `.png` what gnuplot draws.
public struct PlotFiles: Sendable {
  /// The file name without ending.
  public let name: String
  /// The script.
  public let script: String
  /// The data that the script reads.
  public let data: String

  /// A plot of that name.
  package init(name: String, script: String, data: String) {
    self.name = name
    self.script = script
    self.data = data
  }

  /// The names of the script and its data.
  public var sourceNames: [String] { [name + ".gp", name + ".tsv"] }

  /// The names of the pictures.
  public var pictureNames: [String] { [name + ".svg", name + ".png"] }

  /// Writes script and data into `folder` and runs gnuplot.
  ///
  /// Everything is made in a folder of its own beside them and renamed, so that a file is whole or not there. Throws
  /// ``PlotError`` when gnuplot is missing, fails or writes half a picture; script and data are there all the same.
  public func write(to folder: URL) throws { try write(to: folder, drawnBy: "gnuplot") }

  /// The same with another program in gnuplot's place.
  package func write(to folder: URL, drawnBy program: String) throws {
    let manager = FileManager.default
    let workshop = folder.appending(path: ".binade-\(UUID().uuidString)", directoryHint: .isDirectory)
    Leftovers.ofProcess.add(path: workshop.path)
    defer { Leftovers.ofProcess.remove(path: workshop.path) }
    try manager.createDirectory(at: workshop, withIntermediateDirectories: true)
    defer { try? manager.removeItem(at: workshop) }
    for (text, file) in zip([script, data], sourceNames) {
      do {
        try Data(text.utf8).write(to: workshop.appending(path: file))
      } catch {
        throw PlotError.notWritten(file: folder.appending(path: file).relativePath)
      }
    }
    let drawing = Result {
      try Gnuplot.run(script: name + ".gp", in: workshop, program: program)
      for file in pictureNames {
        guard let fault = PictureCheck.fault(of: workshop.appending(path: file)) else { continue }
        throw PlotError.incomplete(file: folder.appending(path: file).relativePath, fault: fault)
      }
    }
    let isDrawn = (try? drawing.get()) != nil
    for file in sourceNames + (isDrawn ? pictureNames : []) {
      try Self.rename(workshop.appending(path: file), to: folder.appending(path: file))
    }
    try drawing.get()
  }

  /// The name of a format as the beginning of a file name: no separators, no leading dot.
  public static func fileName(_ name: String) -> String {
    let safe = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) ? $0 : "_" }
    return safe.first == "." || safe.isEmpty ? "_" + String(safe) : String(safe)
  }

  private static func rename(_ source: URL, to target: URL) throws {
    guard Foundation.rename(source.path, target.path) == 0 else {
      throw PlotError.notWritten(file: target.relativePath)
    }
  }
}
