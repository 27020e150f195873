import ArgumentParser
import Binade
import Foundation

/// How a study is shared out among machines.
struct ClusterOptions: ParsableArguments {
  @Flag(help: "Submit the study to Slurm as a job array, a task for each shard.")
  var slurm = false

  @Option(help: "With --slurm: the number of shards; points that share a trained network stay together.")
  var shards: Int = 40

  @Option(
    help: "With --slurm: options of sbatch, in one word, as '--partition=long --cpus-per-task=4'.",
  )
  var slurmOptions: String?

  @Option(help: "With --slurm: how often shards with something left are submitted, at most.")
  var rounds: Int = 10

  @Option(help: "Run one shard only, as 3/40: of 40 shards with about as much work, the third.")
  var shard: ShardNumber?

  @Option(
    help: "Leave out the runs whose keys this file has, a line each.",
    completion: .file(extensions: ["txt"])
  )
  var known: String?

  @Flag(help: "Void what others claim in the store: for a store that nobody else works on.")
  var takeOver = false

  /// `3/40`.
  struct ShardNumber: ExpressibleByArgument {
    let number: Int
    let count: Int

    init?(argument: String) {
      let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
      guard parts.count == 2, let number = parts[0], let count = parts[1], count >= 1,
        (1...count).contains(number)
      else { return nil }
      (self.number, self.count) = (number, count)
    }
  }

  /// Arrays of Slurm end at about this many tasks.
  private static let greatestShardCount = 100_000

  func validate() throws {
    guard (1...Self.greatestShardCount).contains(shards) else {
      throw ValidationError("--shards must be 1 to \(Self.greatestShardCount), found \(shards)")
    }
    guard rounds >= 1 else { throw ValidationError("--rounds must be at least 1, found \(rounds)") }
    if slurm, shard != nil {
      throw ValidationError("--slurm submits all shards: leave --shard out, or run one without --slurm")
    }
  }

  /// The points to run.
  func positions(_ study: StudyFile, _ loader: StudyRunner.Loader) throws -> [Int] {
    guard let shard else { return Array(study.points.indices) }
    let shards = StudyShards(study, count: shard.count, StudyWork(loader))
    return shard.number <= shards.count ? shards.positions(of: shard.number) : []
  }

  func knownKeys() throws -> Set<String> {
    guard let known else { return [] }
    guard let text = try? String(contentsOfFile: known, encoding: .utf8) else {
      throw ValidationError("--known '\(known)' cannot be read; 'binade study collect' writes such a file")
    }
    return Set(text.split(separator: "\n").map(String.init))
  }

  /// The job array of the study.
  func array(_ study: StudyFile, file: String, store: String, _ formats: FormatOptions) -> SlurmArray {
    let folder = FileManager.default.currentDirectoryPath
    return SlurmArray(
      study: (study.name, file),
      store: URL(filePath: store).path(percentEncoded: false),
      shardCount: shards,
      program: Self.program,
      arguments: formats.formatFolder.flatMap { ["--format-folder", $0] },
      options: slurmOptions?.split(separator: " ").map(String.init) ?? [],
      workingDirectory: folder,
      rounds: rounds
    )
  }

  /// This program, by a path that holds in another folder.
  private static var program: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? URL(filePath: CommandLine.arguments[0]).path(percentEncoded: false)
  }

  /// Submits what has no result, and says so.
  func submit(_ array: SlurmArray, _ study: StudyFile, _ store: ResultStore, _ loader: StudyRunner.Loader)
    throws -> String
  {
    if let states = Slurm.states(ofJobsNamed: array.jobName), !states.isEmpty {
      let text = states.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key.lowercased())" }
      throw SlurmError.alreadyQueued(study: study.name, states: text.joined(separator: ", "))
    }
    let left = try store.collect(study)
    guard !left.isEmpty else { return "all \(study.points.count) points have a result: nothing to submit" }
    let shards = StudyShards(study, count: shards, StudyWork(loader)).shards(of: left)
    let job = try array.submit(shards: shards)
    return """
      submitted as job \(job): \(shards.count) shards, \(left.count) of \(study.points.count) points; results come to \(store.path)
      scripts and logs: \(array.folder.path(percentEncoded: false))
      how far it is: binade study status \(study.name) --store \(store.path)
      """
  }
}

/// What the shards of a study have.
struct StudyCollectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect",
    abstract:
      "Take over what the shards of a study on a cluster have, and print the shards with points left.",
    discussion: """
      The job that waits for an array runs this; by hand it does the same at any moment, as often as you like.

      EXAMPLES
        binade study collect mine.yaml --store results.sqlite --shards 40
      """
  )

  @Argument(help: "A study file, or the name of a preset.", completion: .file(extensions: ["yaml", "yml"]))
  var study: String

  @OptionGroup var storeOptions: StoreOptions

  @Option(help: "The number of shards, as the study was submitted.")
  var shards: Int = 40

  func run() throws {
    let study = try StudyFile(contentsOf: self.study)
    let store = try ResultStore(storeOptions.store, for: .writing)
    try store.register(study, acceptsChange: false)
    let left = try store.collect(study)
    guard !left.isEmpty else { return }
    let parts = StudyShards(study, count: shards, StudyWork(StudyFiles.loader(threads: 1))).shards(of: left)
    CommandContext.current.console.write(parts.map(String.init).joined(separator: ","))
  }
}
