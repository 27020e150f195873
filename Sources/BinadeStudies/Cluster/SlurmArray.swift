import Foundation

/// A study as a job array of Slurm: a task for each shard, with a store of its own, and a job that puts the stores together.
///
/// A task whose program is killed begins it again. What tasks leave undone, because a machine failed or the time was up, is submitted
/// again by the job that waits for all of them.
public struct SlurmArray: Sendable {
  /// What the jobs are called.
  public let jobName: String
  /// Where scripts, stores of shards and logs are.
  public let folder: URL
  private let study: String
  private let store: String
  private let shardCount: Int
  private let program: String
  private let arguments: [String]
  private let options: [String]
  private let workingDirectory: String
  private let rounds: Int

  /// An array.
  ///
  /// `study`: its name, and the file or preset that it is read from. `store`: the one that all results come to. `program`: the path of
  /// `binade`. `arguments`: further ones of `study run`. `options`: of `sbatch`, as `--partition=long`. `rounds`: how often shards
  /// with something left are submitted, at most.
  public init(
    study: (name: String, file: String),
    store: String,
    shardCount: Int,
    program: String,
    arguments: [String],
    options: [String],
    workingDirectory: String,
    rounds: Int
  ) {
    jobName = Self.jobName(ofStudy: study.name)
    folder = Self.folder(ofStudy: study.name, store: store)
    (self.study, self.store, self.shardCount, self.rounds) = (study.file, store, shardCount, rounds)
    (self.program, self.arguments, self.options) = (program, arguments, options)
    self.workingDirectory = workingDirectory
  }

  /// What the jobs of a study are called.
  public static func jobName(ofStudy name: String) -> String { "binade-" + plain(name) }

  /// The folder of a study's array.
  public static func folder(ofStudy name: String, store: String) -> URL {
    URL(filePath: store + ".slurm", directoryHint: .isDirectory)
      .appending(path: plain(name), directoryHint: .isDirectory)
  }

  /// The store of a shard, counted from 1.
  public static func store(ofShard shard: Int, in folder: URL) -> URL {
    folder.appending(path: "shard-\(shard).sqlite")
  }

  /// The stores of shards that are there, in order.
  public static func shardStores(in folder: URL) -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let numbers = names.compactMap { name -> Int? in
      guard name.hasPrefix("shard-"), name.hasSuffix(".sqlite") else { return nil }
      return Int(name.dropFirst(6).dropLast(7))
    }
    return numbers.sorted().map { store(ofShard: $0, in: folder) }
  }

  /// The name without what file names and schedulers do not take.
  private static func plain(_ name: String) -> String {
    String(
      name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "-" }.prefix(60)
    )
  }

  /// The file with the keys of runs that need not be done: tasks read it instead of the store, as SQLite's log is not to be shared
  /// by several machines.
  public static func knownFile(in folder: URL) -> URL { folder.appending(path: "known.txt") }

  private var knownFile: String { Self.knownFile(in: folder).path(percentEncoded: false) }

  // MARK: Scripts

  private var directives: String {
    ([
      "--job-name=\(jobName)", "--requeue", "--open-mode=append",
    ] + options).map { "#SBATCH \($0)" }.joined(separator: "\n")
  }

  private func words(_ texts: [String]) -> String {
    texts.map { ShellWord.quoted($0) }.joined(separator: " ")
  }

  /// What a task runs.
  public var taskScript: String {
    let shard = "shard-$SLURM_ARRAY_TASK_ID"
    let command = words([program, "study", "run", study, "--known", knownFile] + arguments)
    return """
      #!/bin/sh
      \(directives)
      #SBATCH --output=\(folder.path(percentEncoded: false))log-%a.txt
      cd \(ShellWord.quoted(workingDirectory)) || exit
      tries=0
      until \(command) --shard "$SLURM_ARRAY_TASK_ID/\(shardCount)" --take-over \\
        --store \(ShellWord.quoted(folder.path(percentEncoded: false)))"\(shard).sqlite" --threads "${SLURM_CPUS_PER_TASK:-1}"
      do
        status=$?
        tries=$((tries + 1))
        # Killed, not refused: the store has what was done.
        if [ "$status" -le 128 ] || [ "$tries" -ge 3 ]; then exit "$status"; fi
      done

      """
  }

  /// What is run when all tasks have ended; its argument is the round, counted from 1.
  public var collectScript: String {
    let path = folder.path(percentEncoded: false)
    return """
      #!/bin/sh
      \(directives)
      #SBATCH --output=\(path)collect.txt
      cd \(ShellWord.quoted(workingDirectory)) || exit
      left=$(\(words([program, "study", "collect", study, "--store", store, "--shards", "\(shardCount)"]))) || exit
      [ -n "$left" ] || exit 0
      if [ "$1" -ge \(rounds) ]; then echo "round $1: the shards $left have points left" >&2; exit 1; fi
      job=$(sbatch --parsable --array="$left" \(ShellWord.quoted(path + "task.sh"))) || exit
      sbatch --dependency="afterany:${job%%;*}" \(ShellWord.quoted(path + "collect.sh")) "$(($1 + 1))"

      """
  }

  /// Writes the scripts, and submits the shards with the job that waits for them; returns the number of the array's job.
  ///
  /// Throws ``SlurmError``.
  public func submit(shards: [Int]) throws(SlurmError) -> String {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (name, text) in [("task.sh", taskScript), ("collect.sh", collectScript)] {
        try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
      }
    } catch {
      throw .folder(path: folder.path(percentEncoded: false), reason: "\(error)")
    }
    func script(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }
    let list = shards.map(String.init).joined(separator: ",")
    let job = try Slurm.run("sbatch", ["--parsable", "--array=\(list)", script("task.sh")])
    let number = String(job.split(separator: ";").first ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    _ = try Slurm.run("sbatch", ["--dependency=afterany:\(number)", script("collect.sh"), "1"])
    return number
  }
}
