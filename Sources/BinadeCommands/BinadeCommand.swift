import ArgumentParser
import Binade
import Foundation

/// The command line of Binade, with formats of one's own if wanted.
///
/// ```swift
/// // main.swift of a package that adds formats
/// import BinadeCommands
/// BinadeCommand.main(providers: [MyFormats.self])
/// ```
public enum BinadeCommand {
  /// Runs the command that the process was started with and exits: 0 success, 1 a check failed, 2 bad usage or
  /// input.
  public static func main(providers: [any FormatProvider.Type] = []) -> Never {
    StandardStream.occupyClosed()
    Interrupts.install()
    exit(execute(Array(CommandLine.arguments.dropFirst()), providers: providers))
  }

  /// Runs one command and returns its exit status.
  ///
  /// `console`: where text goes. `environment`: where `BINADE_MAX_ISA` is looked up, to refuse what it must not say.
  /// `program`: what is started to audit a library, nil for the program of this process; it must hand its arguments to
  /// ``main(providers:)``.
  public static func execute(
    _ arguments: [String],
    providers: [any FormatProvider.Type] = [],
    console: Console = .standard,
    environment: [String: String] = ProcessInfo.processInfo.environment,
    program: String? = nil
  ) -> Int32 {
    if let limit = environment["BINADE_MAX_ISA"], !limit.isEmpty, !CPUFeatures.limitNames.contains(limit) {
      console.writeError("binade: BINADE_MAX_ISA must be portable, avx2 or avx512, found \"\(limit)\"")
      return 2
    }
    let context = CommandContext(
      providers: providers,
      console: console,
      program: program ?? CommandContext.ownProgram
    )
    return CommandContext.$current.withValue(context) {
      var running: (any ParsableCommand.Type)?
      do {
        var command = try RootCommand.parseAsRoot(arguments)
        running = type(of: command)
        try command.run()
        return 0
      } catch {
        return report(error, of: running, to: console)
      }
    }
  }

  /// Writes what went wrong and returns the exit status.
  ///
  /// `running`: the command that had begun to run; nil while arguments were read.
  private static func report(
    _ error: any Error,
    of running: (any ParsableCommand.Type)?,
    to console: Console
  ) -> Int32 {
    if error is CheckFailure { return 1 }
    if RootCommand.exitCode(for: error) == .success {
      console.write(RootCommand.fullMessage(for: error))
      return 0
    }
    if let usage = error as? ValidationError, let running {
      console.writeError(UsageMessage.text(of: usage, in: running))
    } else {
      // ArgumentParser knows best how to say what it found wrong itself.
      let isUsage = RootCommand.exitCode(for: error) == .validationFailure
      console.writeError(
        isUsage ? RootCommand.fullMessage(for: error) : "binade: \(ErrorText.sentence(error))"
      )
    }
    return 2
  }
}

/// A check ran to its end and failed; what failed is already written.
struct CheckFailure: Error {}

/// The root of all commands.
struct RootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "binade",
    abstract: "Number formats for machine learning: proven, measured, compared.",
    discussion: """
      EXAMPLES
        binade compare                               the default formats on the embedded ResNet
        binade evaluate --weights int4 --activations int8
        binade formats show float8_e4m3fn
        binade verify --all

      Exit status: 0 success, 1 a check failed, 2 bad usage or input.
      """,
    version: BinadeVersion.current,
    subcommands: [
      CompareCommand.self, EvaluateCommand.self, AssignCommand.self, TrainCommand.self, FormatsCommand.self,
      VerifyCommand.self,
      EncodeCommand.self, DecodeCommand.self, QuantizeCommand.self, ArithCommand.self, AuditCommand.self,
      AuditWorkerCommand.self,
      CostCommand.self, ExplainCommand.self, StudyCommand.self, SignificanceCommand.self, ParetoCommand.self,
      BenchCommand.self,
    ]
  )
}
