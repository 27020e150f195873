import Foundation

/// The commands of Slurm.
public enum Slurm {
  /// How many jobs of a name are in which state, as `PENDING` and `RUNNING`; nil where there is no Slurm, or it does not answer.
  public static func states(ofJobsNamed name: String) -> [String: Int]? {
    guard let text = try? run("squeue", ["--noheader", "--array", "--name=\(name)", "--format=%T"]) else {
      return nil
    }
    return text.split(separator: "\n").reduce(into: [:]) {
      $0[$1.trimmingCharacters(in: .whitespaces), default: 0] += 1
    }
  }

  /// Runs a command and returns what it prints.
  ///
  /// Throws ``SlurmError`` where it is not there or fails.
  static func run(_ command: String, _ arguments: [String]) throws(SlurmError) -> String {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [command] + arguments
    process.standardOutput = output
    process.standardError = errors
    do { try process.run() } catch { throw .missing(command: command) }
    // What these commands print as errors fits in a pipe.
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let reason = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus != 127 else { throw .missing(command: command) }
    guard process.terminationStatus == 0 else {
      throw .failed(command: command, reason: reason.split(separator: "\n").joined(separator: "; "))
    }
    return text
  }
}

/// Why a study cannot be handed to Slurm.
public enum SlurmError: Error, Sendable, Hashable, CustomStringConvertible {
  case missing(command: String)
  case failed(command: String, reason: String)
  case folder(path: String, reason: String)
  case alreadyQueued(study: String, states: String)

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .missing(let command):
      "there is no '\(command)' here: --slurm needs the commands of Slurm; without a cluster leave it out"
    case .failed(let command, let reason): "\(command) refused: \(reason)"
    case .folder(let path, let reason): "\(path): cannot be written: \(reason)"
    case .alreadyQueued(let study, let states):
      "the study '\(study)' is in Slurm's queue already (\(states)); wait for it, or end it with: scancel --name="
        + SlurmArray.jobName(ofStudy: study)
    }
  }
}
