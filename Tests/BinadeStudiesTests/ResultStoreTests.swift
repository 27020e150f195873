import BinadeFormats
import BinadeModelFiles
import BinadeNetworks
import BinadeStudies
import Foundation
import GRDB
import Synchronization
import Testing

/// The store: what is in it is whole, once, and the same however it came there.
@Suite struct ResultStoreTests {
  /// A folder that goes away with the test.
  final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "binade-store-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
  }

  static let study = """
    study: small
    formats: [int8, int4, posit8]
    ends: [none, int8]
    limit: 20
    calibrationImages: 8
    points: ["formats=nosuchformat limit=20 calibrationImages=8"]
    """

  static func runner(
    _ study: StudyFile,
    _ store: ResultStore,
    known: Set<String> = [],
    folders: [URL] = []
  ) throws -> StudyRunner {
    try StudyRunner(
      study,
      store,
      catalog: FormatCatalog(folders: folders),
      threads: 1,
      known: known,
      StudyRunner.Loader { name in
        try Model(contentsOf: name == "embedded" ? EmbeddedModels.resNet8Weights : URL(filePath: name))
      } data: { _ in
        try DatasetFolder(EmbeddedModels.mnistFolder)
      }
    )
  }

  static func csv(_ store: ResultStore) throws -> String {
    var text = ""
    try store.export(.csv) { text += $0 }
    return text
  }

  static func curves(_ stores: [ResultStore]) throws -> [String] {
    try CurvePoint.all(in: stores).map { point in
      "\(point.curve), \(point.model): \(point.accuracy), \(point.runs.map(\.name))"
    }
  }

  @Test(
    "a study that is stopped after each run, in another order, in two stores that are merged: the same bytes"
  )
  func anyOrder() throws {
    let folder = try Folder()
    let study = try StudyFile(yaml: Self.study, file: "small.yaml")
    let whole = try ResultStore(folder.path("whole.sqlite"), for: .writing)
    try whole.register(study, acceptsChange: false)
    try Self.runner(study, whole).run(study.points.indices) { _, _, outcome in
      if case .done = outcome { return }
      Issue.record("a run was there before")
    }
    let expected = try Self.csv(whole)
    #expect(expected.split(separator: "\n").count == study.points.count + 1)

    // One point at a time, backwards, each by a runner of its own.
    let pieces = try ResultStore(folder.path("pieces.sqlite"), for: .writing)
    for position in study.points.indices.reversed() {
      try pieces.register(study, acceptsChange: false)
      try Self.runner(study, pieces).run([position]) { _, _, _ in }
    }
    #expect(try Self.csv(pieces) == expected)

    // Shards.
    let merged = try ResultStore(folder.path("merged.sqlite"), for: .writing)
    var shards: [ResultStore] = []
    for part in 0..<2 {
      let shard = try ResultStore(folder.path("shard\(part).sqlite"), for: .writing)
      try shard.register(study, acceptsChange: false)
      try Self.runner(study, shard).run(study.points.indices.filter { $0 % 2 == part }) { _, _, _ in }
      #expect(try merged.merge(shard) == shard.doneKeys().count)
      #expect(try merged.merge(shard) == 0)
      shards.append(shard)
    }
    #expect(try Self.csv(merged) == expected)
    #expect(try Self.curves([whole]) == Self.curves([shards[1], merged, shards[0]]))

    // Nothing is run twice.
    try Self.runner(study, whole).run(study.points.indices) { _, _, outcome in
      if case .known = outcome { return }
      Issue.record("a run was done again")
    }
    let state = try whole.status(of: "small")[0]
    #expect(
      state.pointCount == 7 && state.doneCount == 7 && state.failedCount == 1 && state.bestAccuracy! > 0.5
    )
    let key = try #require(whole.doneKeys().sorted().first { try !whole.outcomes(of: $0).isEmpty })
    #expect(try whole.outcomes(of: key)[0].outcomes.isRight.count == 20)
    #expect(try whole.report(of: key).layers.rows.count == 8)
  }

  @Test("outcomes become bits and come back", arguments: [0, 1, 7, 8, 9, 1000])
  func bits(count: Int) {
    let outcomes = Top1Outcomes((0..<count).map { $0 % 3 == 0 || $0 % 7 == 2 })
    #expect(OutcomeBits.outcomes(OutcomeBits.data(outcomes), count: count) == outcomes)
  }

  @Test(
    "one of two processes gets a run; a claim is void when its process has ended, or its host is silent for long"
  )
  func claims() throws {
    let folder = try Folder()
    let store = try ResultStore(folder.path("s.sqlite"), for: .writing)
    let key = RunKey([("a", "b")])
    let here = RunOwner.current
    func owner(_ host: String, _ process: Int) -> RunOwner {
      RunOwner(host: host, process: process, processStart: "1")
    }
    #expect(try store.claim(key) == .granted)
    #expect(
      try store.claim(key, for: owner(here.hostName, 1)) == .busy(host: here.hostName, process: here.process)
    )
    #expect(try store.claim(key) == .granted)
    try store.release(key)
    // A process that ended: another one may have its number, but not its start.
    #expect(try store.claim(key, for: owner(here.hostName, here.process)) == .granted)
    #expect(try store.claim(key) == .granted)
    try store.release(key)
    let (now, other) = (Date(), owner("elsewhere", 5))
    #expect(try store.claim(key, for: other, now: now) == .granted)
    #expect(try store.claim(key, now: now + 60) == .busy(host: "elsewhere", process: 5))
    try store.renew(key, for: other, now: now + 800)
    let late = now + ResultStore.claimLifetime + 1
    #expect(try store.claim(key, now: late) == .busy(host: "elsewhere", process: 5))
    #expect(try store.claim(key, now: late + 800) == .granted)
  }

  @Test("a study that was changed is refused with the first difference, unless that is meant")
  func changed() throws {
    let folder = try Folder()
    let store = try ResultStore(folder.path("s.sqlite"), for: .writing)
    try store.register(StudyFile(yaml: "study: s\nformats: [int8, int4]\n", file: "s"), acceptsChange: false)
    let other = try StudyFile(yaml: "study: s\nformats: [int8, int3]\n", file: "s")
    #expect(throws: StoreError.otherStudy(name: "s", change: "point 2 was 'int4' and is 'int3'")) {
      try store.register(other, acceptsChange: false)
    }
    try store.register(other, acceptsChange: true)
    #expect(try store.status(of: "s")[0].pointCount == 2)
  }

  @Test(
    "a full disk, a store that cannot be written, a damaged one, another database, a newer store: a sentence each"
  )
  func badStores() throws {
    let folder = try Folder()
    let path = folder.path("s.sqlite")
    do {
      let store = try ResultStore(path, for: .writing, greatestPageCount: 40)
      let study = try StudyFile(
        yaml: "study: s\nformats: [\((0..<9000).map { "f\($0)" }.joined(separator: ", "))]\n",
        file: "s"
      )
      #expect(throws: StoreError.full(path: path)) { try store.register(study, acceptsChange: false) }
      #expect(try store.studyNames().isEmpty)
      try store.check()
    }
    #expect(throws: StoreError.missing(path: folder.path("none.sqlite"))) {
      try ResultStore(folder.path("none.sqlite"), for: .reading)
    }
    try Data().write(to: folder.url.appending(path: "empty.sqlite"))
    #expect(throws: StoreError.notAStore(path: folder.path("empty.sqlite"))) {
      try ResultStore(folder.path("empty.sqlite"), for: .reading)
    }
    for access in [ResultStore.Access.reading, .writing] {
      #expect(throws: StoreError.folder(path: folder.url.path)) {
        try ResultStore(folder.url.path, for: access)
      }
    }
    try Data("no database, but long enough to be looked at as one".utf8)
      .write(to: folder.url.appending(path: "text.sqlite"))
    #expect(throws: StoreError.self) { try ResultStore(folder.path("text.sqlite"), for: .writing) }
    let foreign = try DatabaseQueue(path: folder.path("foreign.sqlite"))
    try foreign.write { try $0.execute(sql: "CREATE TABLE mine (a)") }
    #expect(throws: StoreError.notAStore(path: folder.path("foreign.sqlite"))) {
      try ResultStore(folder.path("foreign.sqlite"), for: .writing)
    }
    do {
      let newer = try DatabaseQueue(path: path)
      try newer.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('999')") }
      try newer.close()
    }
    #expect(throws: StoreError.newer(path: path)) { try ResultStore(path, for: .writing) }
  }

  @Test(
    "eight that open a new store at the same moment all find one, and so does who comes after one that was killed"
  )
  func firstOpening() throws {
    let folder = try Folder()
    for round in 0..<25 {
      let path = folder.path("\(round).sqlite")
      let faults = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 8) { _ in
        do {
          #expect(try ResultStore(path, for: .writing).studyNames().isEmpty)
        } catch {
          faults.withLock { $0.append("\(error)") }
        }
      }
      #expect(faults.withLock { $0 } == [])
    }
    // What a process leaves that was killed in its first moment, and what another sees then.
    let path = folder.path("killed.sqlite")
    let killed = try DatabaseQueue(path: path)
    try killed.write { db in
      try db.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
    }
    try killed.close()
    #expect(try ResultStore(path, for: .writing).studyNames().isEmpty)
  }

  @Test("a store whose pages were overwritten is refused, and says how to recover it")
  func corrupt() throws {
    let folder = try Folder()
    let path = folder.path("s.sqlite")
    do {
      let store = try ResultStore(path, for: .writing)
      let names = (0..<2000).map { "f\($0)" }.joined(separator: ", ")
      try store.register(StudyFile(yaml: "study: s\nformats: [\(names)]\n", file: "s"), acceptsChange: false)
      try store.database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
      try store.database.close()
    }
    let file = try FileHandle(forUpdating: URL(filePath: path))
    let size = try file.seekToEnd()
    for page in stride(from: UInt64(4096 * 4), to: size, by: 8192) {
      try file.seek(toOffset: page)
      try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
    }
    try file.close()
    do {
      try ResultStore(path, for: .writing).check()
      Issue.record("a damaged store was taken")
    } catch {
      #expect("\(error)".contains(".recover"), "\(error)")
    }
  }

  @Test("a format of another definition under the same name is another run, as operand and as accumulator")
  func redefined() throws {
    let folder = try Folder()
    let store = try ResultStore(folder.path("s.sqlite"), for: .writing)
    let study = try StudyFile(
      yaml: """
        study: own
        points: ["formats=mine limit=8 calibrationImages=8", "formats=int8 accumulators=mine limit=8 calibrationImages=8"]
        """,
      file: "own.yaml"
    )
    try store.register(study, acceptsChange: false)
    func run(_ name: String, fractionBits: Int) throws -> Int {
      let definitions = folder.url.appending(path: name)
      try FileManager.default.createDirectory(at: definitions, withIntermediateDirectories: true)
      let text = """
        name: mine
        family: fixedPoint
        signed: true
        integerBitCount: \(15 - fractionBits)
        fractionBitCount: \(fractionBits)
        source: a test
        """
      try text.write(to: definitions.appending(path: "mine.yaml"), atomically: true, encoding: .utf8)
      var done = 0
      try Self.runner(study, store, folders: [definitions]).run(study.points.indices) { _, _, outcome in
        guard case .done(let run) = outcome else { return }
        #expect(run.failure == nil)
        done += 1
      }
      return done
    }
    #expect(try run("first", fractionBits: 4) == 2)
    #expect(try run("again", fractionBits: 4) == 0)
    #expect(try run("other", fractionBits: 5) == 2)
  }

  @Test("the key tells formats of the same name with other values apart, and names what it was made of")
  func keys() {
    let (one, two) = (RunKey([("weights", "int4 table 1")]), RunKey([("weights", "int4 table 2")]))
    #expect(one.digits != two.digits && one.digits.count == 32)
    #expect(one.identity == "weights: int4 table 1")
    #expect(RunKey([("a", "")]).digits != RunKey([("", "a")]).digits)
  }
}
