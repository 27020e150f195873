import Binade
import Foundation
import Synchronization

/// Where the text of a command goes, and where the lines come from that it may ask for.
///
/// Text passes as one can read it: characters that move a terminal, which names and other programs may bring along, are
/// written as escapes.
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
    isInteractive: isatty(StandardStream.errors) == 1,
    input: { Swift.readLine() },
    output: { Console.writeOrExit($0) },
    // A message that nobody can read is no reason to stop: the exit status tells the same.
    errors: { StandardStream.write($0 + "\n", to: StandardStream.errors) }
  )

  /// A result that cannot be written (a full disk) must not look like success.
  private static func writeOrExit(_ text: String) {
    guard let reason = StandardStream.write(text + "\n", to: StandardStream.output) else { return }
    StandardStream.write("binade: the output cannot be written: \(reason)\n", to: StandardStream.errors)
    exit(2)
  }

  /// Reads a line of input; nil at the end.
  func readLine() -> String? { input() }

  /// Writes a result.
  func write(_ text: String) { output(text.visible(keeping: "\n\t")) }

  /// Writes a message that is no result.
  func writeError(_ text: String) { errors(text.visible(keeping: "\n\t")) }
}

/// What a command runs with, besides its arguments.
struct CommandContext: Sendable {
  let providers: [any FormatProvider.Type]
  let console: Console
  /// The program that is started again where something must run in a process of its own.
  let program: String
  private let noted = NotedLines()

  init(
    providers: [any FormatProvider.Type],
    console: Console,
    program: String = CommandContext.ownProgram
  ) {
    self.providers = providers
    self.console = console
    self.program = program
  }

  /// Writes a message that is no result, but not twice in one run.
  func noteOnce(_ text: String) {
    if noted.insert(text) { console.writeError(text) }
  }

  /// The program of this process.
  static let ownProgram: String = {
    #if os(Linux)
    "/proc/self/exe"
    #else
    Bundle.main.executablePath ?? CommandLine.arguments[0]
    #endif
  }()

  /// The context of the running command.
  @TaskLocal static var current = CommandContext(providers: [], console: .standard)
}

/// The messages that a run has written already.
private final class NotedLines: Sendable {
  private let lines = Mutex<Set<String>>([])

  /// Returns whether `line` is new.
  func insert(_ line: String) -> Bool { lines.withLock { $0.insert(line).inserted } }
}
