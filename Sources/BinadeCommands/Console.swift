import Binade
import Foundation

/// Where the text of a command goes, and where the lines come from that it may ask for.
public struct Console: Sendable {
  private let output: @Sendable (String) -> Void
  private let errors: @Sendable (String) -> Void
  private let input: @Sendable () -> String?
  /// Whether somebody watches: progress bars are drawn.
  let isInteractive: Bool

  /// Creates a console from two sinks; each call gets one text without its final line break.
  ///
  /// `input`: gives the next line without its line break, nil at the end.
  public init(
    isInteractive: Bool = false,
    input: @escaping @Sendable () -> String? = { nil },
    output: @escaping @Sendable (String) -> Void,
    errors: @escaping @Sendable (String) -> Void
  ) {
    self.isInteractive = isInteractive
    self.output = output
    self.errors = errors
    self.input = input
  }

  /// The process's own output and error streams.
  public static let standard = Console(
    isInteractive: isatty(FileHandle.standardError.fileDescriptor) == 1,
    input: { Swift.readLine() },
    output: { Console.writeOrExit($0) },
    errors: { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }
  )

  /// A result that cannot be written (a full disk) must not look like success.
  private static func writeOrExit(_ text: String) {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      FileHandle.standardError.write(Data("binade: the output cannot be written\n".utf8))
      exit(2)
    }
  }

  /// Reads a line of input; nil at the end.
  func readLine() -> String? { input() }

  /// Writes a result.
  func write(_ text: String) { output(text) }

  /// Writes a message that is no result.
  func writeError(_ text: String) { errors(text) }
}

/// What a command runs with, besides its arguments.
struct CommandContext: Sendable {
  let providers: [any FormatProvider.Type]
  let console: Console

  /// The context of the running command.
  @TaskLocal static var current = CommandContext(providers: [], console: .standard)
}
