import BinadeStudies
import BinadeTraining
import Foundation
import GRDB
import Testing

/// Points that train: stopped anywhere, gone on with, measured in several formats, trained once.
@Suite struct StudyTrainingTests {
  static let study = """
    study: trained
    architectures: resnet8-cifar:x0.25
    train: "epochs=2,batch=50"
    trainImages: 300
    formats: [float32, int8]
    limit: 40
    calibrationImages: 16
    """

  static func trained(_ store: ResultStore) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: store.trainingFolder.path).sorted()
  }

  /// Epochs as `run epoch loss accuracy`.
  static func epochs(_ store: ResultStore) throws -> [String] {
    try store.database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM epoch ORDER BY run, epoch").map { "\($0)" }
    }
  }

  @Test("stopped after every few steps, gone on with by another runner: the bytes of a study left alone")
  func stopped() throws {
    let folder = try ResultStoreTests.Folder()
    let study = try StudyFile(yaml: Self.study, file: "trained.yaml")
    let whole = try ResultStore(folder.path("whole.sqlite"), for: .writing)
    try whole.register(study, acceptsChange: false)
    var epochs = 0
    try ResultStoreTests.runner(study, whole).run(
      study.points.indices,
      began: { _, epoch in epochs += epoch == nil ? 0 : 1 },
      { _, _, outcome in
        guard case .done(let run) = outcome else {
          Issue.record("\(outcome)")
          return
        }
        #expect(run.failure == nil)
      }
    )
    // Two formats, one network of two epochs.
    #expect(epochs == 2)
    #expect(try Self.trained(whole).count == 1)
    #expect(try Self.epochs(whole).count == 4)

    let pieces = try ResultStore(folder.path("pieces.sqlite"), for: .writing)
    try pieces.register(study, acceptsChange: false)
    var stops = 0
    while try pieces.status(of: "trained")[0].doneCount < 2, stops < 20 {
      // Asked before the run and after each step: five steps each time.
      var asked = 0
      try ResultStoreTests.runner(study, pieces).run(
        study.points.indices,
        shouldStop: {
          asked += 1
          return asked > 5
        },
        { _, _, outcome in
          if case .stopped = outcome { stops += 1 }
        }
      )
    }
    #expect(stops == 2)
    #expect(try ResultStoreTests.csv(pieces) == ResultStoreTests.csv(whole))
    #expect(try Self.epochs(pieces) == Self.epochs(whole))
    #expect(try Self.trained(pieces) == Self.trained(whole))

    // Of another store: the runs, their epochs too.
    let merged = try ResultStore(folder.path("merged.sqlite"), for: .writing)
    try merged.merge(whole)
    #expect(try Self.epochs(merged) == Self.epochs(whole))
  }

  @Test("a teacher makes another network, and a point with one that trains nothing is a slip")
  func teachers() throws {
    let folder = try ResultStoreTests.Folder()
    let text = Self.study.replacingOccurrences(
      of: "formats: [float32, int8]",
      with: "teachers: [none, embedded]"
    )
    .replacingOccurrences(of: "architectures: resnet8-cifar:x0.25", with: "models: embedded")
    let study = try StudyFile(yaml: text, file: "taught.yaml")
    let store = try ResultStore(folder.path("taught.sqlite"), for: .writing)
    try store.register(study, acceptsChange: false)
    var failures: [String?] = []
    try ResultStoreTests.runner(study, store).run(study.points.indices) { _, _, outcome in
      if case .done(let run) = outcome { failures.append(run.failure) }
    }
    #expect(failures == [nil, nil])
    #expect(try Self.trained(store).count == 2)
    #expect(Set(try Self.epochs(store)).count == 4)
    let slip = try StudyFile(yaml: "study: slip\nteachers: embedded\nlimit: 10", file: "slip.yaml")
    try store.register(slip, acceptsChange: false)
    try ResultStoreTests.runner(slip, store).run(slip.points.indices) { _, _, outcome in
      guard case .done(let run) = outcome else { return }
      #expect(run.failure?.contains("train") == true)
    }
  }

  @Test(
    "training images are points of their own: the generalization gap, which fronts and verdicts leave out"
  )
  func gap() throws {
    let folder = try ResultStoreTests.Folder()
    let text =
      Self.study.replacing("epochs=2", with: "epochs=1").replacing("limit: 40", with: "limit: 60")
      + "\nimages: [test, training]"
    let study = try StudyFile(yaml: text, file: "gap.yaml")
    let store = try ResultStore(folder.path("gap.sqlite"), for: .writing)
    try store.register(study, acceptsChange: false)
    try ResultStoreTests.runner(study, store).run(study.points.indices) { _, _, outcome in
      guard case .done(let run) = outcome else { return }
      #expect(run.failure == nil)
    }
    #expect(try Self.trained(store).count == 1)
    let points = try CurvePoint.all(in: [store])
    #expect(points.count == 4 && points.count(where: \.isOfTrainingImages) == 2)
    let gaps = GeneralizationGap.all(points)
    #expect(gaps.count == 2)
    for gap in gaps {
      let own = points.filter { $0.curve == gap.curve }
      let (training, test) = (own.first(where: \.isOfTrainingImages), own.first { !$0.isOfTrainingImages })
      #expect(gap.training == training?.accuracy && gap.test == test?.accuracy)
      #expect(gap.value == gap.training - gap.test && gap.standardError > 0)
    }
  }

  @Test("another seed is another network; a curve has them as one point")
  func seeds() throws {
    let folder = try ResultStoreTests.Folder()
    let text = Self.study.replacing("epochs=2", with: "epochs=1").replacing(
      "[float32, int8]",
      with: "float32"
    )
    let study = try StudyFile(yaml: text + "\nseeds: [0, 1]", file: "seeds.yaml")
    let store = try ResultStore(folder.path("seeds.sqlite"), for: .writing)
    try store.register(study, acceptsChange: false)
    try ResultStoreTests.runner(study, store).run(study.points.indices) { _, _, _ in }
    #expect(try Self.trained(store).count == 2)
    let points = try CurvePoint.all(in: [store])
    #expect(points.count == 1)
    #expect(points[0].runs.count == 2)
    #expect(points[0].curve == "float32, epochs=1,batch=50")
    #expect(points[0].model == "resnet8-cifar:x0.25")
  }

  @Test("training that diverges is a result; a recipe that cannot be read is none, and ends the study")
  func failures() throws {
    let folder = try ResultStoreTests.Folder()
    let store = try ResultStore(folder.path("failed.sqlite"), for: .writing)
    func run(_ train: String) throws -> String? {
      let text = Self.study.replacing("epochs=2,batch=50", with: train)
        .replacing("[float32, int8]", with: "float32")
      let study = try StudyFile(yaml: text, file: "failed.yaml")
      try store.register(study, acceptsChange: true)
      var failure: String?
      try ResultStoreTests.runner(study, store).run(study.points.indices) { _, _, outcome in
        if case .done(let run) = outcome { failure = run.failure }
      }
      return failure
    }
    #expect(try run("epochs=1,batch=50,learningRate=1000,epochs=20")?.contains("not finite") == true)
    #expect(try run("epochs=1,bunch=50")?.contains("'bunch'") == true)
    #expect(try run("epochs=1,batch=5000")?.contains("more than the 300") == true)
    let count = try store.doneKeys().count
    let fault = try #require(throws: StudyFileFault.self) { try run("nowhere.yaml,epochs=1") }
    #expect(fault.description.contains("nowhere.yaml"))
    #expect(try store.doneKeys().count == count)
  }

  @Test("a store of the first version is read and written")
  func olderStore() throws {
    let folder = try ResultStoreTests.Folder()
    let path = folder.path("old.sqlite")
    let study = try StudyFile(
      yaml: "study: old\nformats: int8\nlimit: 20\ncalibrationImages: 8",
      file: "old.yaml"
    )
    do {
      let store = try ResultStore(path, for: .writing)
      try store.register(study, acceptsChange: false)
      try ResultStoreTests.runner(study, store).run(study.points.indices) { _, _, _ in }
      // As the first version had it.
      try store.database.write { db in
        try db.execute(sql: "DROP TABLE epoch; DROP TABLE document")
        for column in ["training", "trainingSeed", "trainingLoss", "trainingAccuracy"] {
          try db.execute(sql: "ALTER TABLE metric DROP COLUMN \(column)")
        }
        try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '2'")
      }
    }
    let store = try ResultStore(path, for: .reading)
    #expect(try ResultStoreTests.csv(store).contains("int8"))
    #expect(try store.status().map(\.doneCount) == [1])
  }
}
