import BinadeModelFiles
import BinadeNetworks
import BinadeStudies
import Foundation
import Testing

/// Shards and the scripts that Slurm gets; `Scripts/test-slurm.sh` runs them on a real one.
@Suite struct ClusterTests {
  static var loader: StudyRunner.Loader {
    StudyRunner.Loader { _ in
      try Model(contentsOf: EmbeddedModels.resNet8Weights)
    } data: { _ in
      try DatasetFolder(EmbeddedModels.mnistFolder)
    }
  }

  static func shards(_ yaml: String, _ count: Int) throws -> (StudyFile, StudyShards) {
    let study = try StudyFile(yaml: yaml, file: "s.yaml")
    return (study, StudyShards(study, count: count, StudyWork(loader)))
  }

  @Test(
    "every point is in one shard; the greatest load is at most 4/3 of the least possible",
    arguments: 1...12
  )
  func balanced(count: Int) {
    let works = (0..<40).map { Double(($0 * 37 + 11) % 29 + 1) }
    let shards = StudyShards(works.enumerated().map { (positions: [$0], work: $1) }, count: count)
    let positions = (1...shards.count).map { shards.positions(of: $0) }
    #expect(positions.joined().sorted() == Array(0..<40))
    let greatest = positions.map { $0.reduce(0) { $0 + works[$1] } }.max() ?? 0
    // Graham 1969: the largest first comes within 4/3 - 1/(3 shards).
    let least = max(works.reduce(0, +) / Double(count), works.max() ?? 0)
    #expect(greatest <= least * (4 / 3 - 1 / Double(3 * count)))
  }

  @Test("points that share a trained network are in one shard, and weigh what training does")
  func trained() throws {
    let (study, shards) = try Self.shards(
      """
      study: t
      architectures: [resnet8-cifar:x0.25, resnet8-cifar:x0.5]
      train: epochs=1
      seeds: [0, 1]
      formats: [float32, int8, int4]
      """,
      4
    )
    #expect(shards.count == 4)
    for shard in 1...4 {
      let points = shards.positions(of: shard).map { study.points[$0] }
      #expect(points.count == 3)
      #expect(Set(points.map { "\($0[.architecture]) \($0[.seed])" }).count == 1)
    }
  }

  @Test("recipes and sums that are made step by step weigh more; more shards than points are not made")
  func weights() throws {
    let (study, shards) = try Self.shards(
      "study: w\nformats: int4\nlimit: 100\nptq: [none, best]\naccumulators: [cheapest, exact]",
      2
    )
    // best with exact sums weighs more than all others.
    let heavy = study.points.indices.first {
      study.points[$0][.recipe] == "best" && study.points[$0][.accumulator] == "exact"
    }
    #expect((1...2).contains { shards.positions(of: $0) == [heavy] })
    #expect(try Self.shards("study: w\nformats: [int4, int8]", 40).1.count == 2)
    #expect(shards.shards(of: study.points.indices) == [1, 2])
  }

  @Test("scripts are what a shell reads, whatever the names are")
  func scripts() throws {
    let folder = try ResultStoreTests.Folder()
    let array = SlurmArray(
      study: ("it's a $study; rm -rf", "folder with space/it's.yaml"),
      store: folder.path("results.sqlite"),
      shardCount: 7,
      program: "/opt/some where/binade",
      arguments: ["--format-folder", "own formats"],
      options: ["--partition=long", "--cpus-per-task=4"],
      workingDirectory: "/tmp/x y",
      rounds: 3
    )
    #expect(array.jobName == "binade-it-s-a--study--rm--rf")
    #expect(array.folder.path.hasSuffix("results.sqlite.slurm/it-s-a--study--rm--rf"))
    #expect(array.taskScript.contains("#SBATCH --partition=long\n#SBATCH --cpus-per-task=4\n"))
    #expect(array.taskScript.contains("--shard \"$SLURM_ARRAY_TASK_ID/7\""))
    for script in [array.taskScript, array.collectScript] {
      let process = Process()
      let input = Pipe()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = ["-n"]
      process.standardInput = input
      try process.run()
      try input.fileHandleForWriting.write(contentsOf: Data(script.utf8))
      try input.fileHandleForWriting.close()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      #expect(script.contains("'folder with space/it'\\''s.yaml'"))
    }
  }

  @Test("what shards have comes to the store; what is left is said, and what is known is not done again")
  func collected() throws {
    let folder = try ResultStoreTests.Folder()
    let study = try StudyFile(yaml: ResultStoreTests.study, file: "small.yaml")
    let store = try ResultStore(folder.path("all.sqlite"), for: .writing)
    try store.register(study, acceptsChange: false)
    #expect(try store.collect(study) == Array(study.points.indices))
    let shards = SlurmArray.folder(ofStudy: study.name, store: store.path)
    let first = try ResultStore(SlurmArray.store(ofShard: 1, in: shards).path, for: .writing)
    try first.register(study, acceptsChange: false)
    try ResultStoreTests.runner(study, first).run([0, 2]) { _, _, _ in }
    let states = try #require(try store.shardStates(ofStudy: study.name))
    #expect((states.begunCount, states.doneCount) == (1, 2))
    #expect(try store.collect(study) == study.points.indices.filter { ![0, 2].contains($0) })
    let known = try String(contentsOf: SlurmArray.knownFile(in: shards), encoding: .utf8)
    #expect(Set(known.split(separator: "\n").map(String.init)) == (try store.doneKeys()))

    let second = try ResultStore(SlurmArray.store(ofShard: 2, in: shards).path, for: .writing)
    try second.register(study, acceptsChange: false)
    let runner = try ResultStoreTests.runner(study, second, known: store.doneKeys())
    var done = 0
    try runner.run(study.points.indices) { _, _, outcome in
      if case .done = outcome { done += 1 }
    }
    #expect(done == study.points.count - 2)
    #expect(try store.collect(study).isEmpty)
    #expect(try store.status(of: "small")[0].doneCount == study.points.count)
  }

  @Test("a plot has all curves, and the corners of the front; costs that are not counted have none")
  func plot() throws {
    func point(_ curve: String, _ model: String, _ cost: Double, _ right: Int) -> CurvePoint {
      let scores = ItemScores(name: "r", isRight: (0..<10).map { $0 < right })
      return CurvePoint(curve: curve, model: model, costs: [.aqtLinear: cost], runs: [scores])
    }
    let points = [
      point("int8, epochs=1", "small", 10, 5), point("int8, epochs=1", "large", 40, 8),
      point("int4, epochs=1", "large", 20, 4), point("int4, epochs=1", "larger", 30, 9),
    ]
    let files = try #require(CurvesPlot(points, .aqtLinear)).files
    let blocks = files.data.components(separatedBy: "\n\n\n")
    #expect(blocks.count == 3)
    #expect(blocks[2] == "10.0\t50.0\n30.0\t90.0\n")
    #expect(files.script.contains("title 'int4' noenhanced"))
    #expect(files.script.contains("'epochs=1'"))
    #expect(CurvesPlot(points, .memoryBits) == nil)
    // Half of ten images: 0.5 (1 - 0.5) / 10.
    #expect(abs(points[0].standardError - 0.025.squareRoot()) < 1e-15)
  }
}
