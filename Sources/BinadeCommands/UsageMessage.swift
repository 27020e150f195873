import ArgumentParser

/// Wrong usage that a command finds while it runs, when options meet formats or files.
///
/// ArgumentParser knows the command only of what it finds itself and would show the usage of `binade`.
enum UsageMessage {
  /// The error, the usage of `command` and where its help is, as ArgumentParser prints what `validate()` throws.
  static func text(of error: ValidationError, in command: any ParsableCommand.Type) -> String {
    let names = path(to: command, from: RootCommand.self) ?? []
    return """
      Error: \(error.message)
      Usage: \(RootCommand.usageString(for: command))
        See '\(names.joined(separator: " ")) --help' for more information.
      """
  }

  /// The names from `root` down to `command`; nil when it is not below.
  private static func path(
    to command: any ParsableCommand.Type,
    from root: any ParsableCommand.Type
  ) -> [String]? {
    guard let name = root.configuration.commandName else { return nil }
    if command == root { return [name] }
    return root.configuration.subcommands.lazy.compactMap { path(to: command, from: $0) }.first.map {
      [name] + $0
    }
  }
}
