import Foundation
import Testing

/// Every document of `--json` against its schema under Documentation/schemas.
@Suite struct SchemaTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Documentation/schemas")

  /// The commands that print each document, in as many shapes as it has.
  static let commands: [(document: String, arguments: [[String]])] = [
    ("formats", [["formats", "list"]]),
    (
      "format",
      [
        ["formats", "show", "float16"], ["formats", "show", "mxfp4_e2m1"],
        ["formats", "show", "nvfp4"],
        ["formats", "show", "posit32"], ["formats", "show", "float8_e8m0fnu"],
      ]
    ),
    (
      "formatDescription",
      [
        ["formats", "describe", "float8_e5m2"], ["formats", "describe", "nf4"],
        ["formats", "describe", "float32"],
        ["formats", "describe", "takum32"], ["formats", "describe", "pot4"],
      ]
    ),
    ("dialects", [["formats", "dialects"]]),
    (
      "comparison",
      [
        ["compare", "--formats", "int8,bf16,int4/int8", "--limit", "20"],
        ["compare", "--formats", "float8_ue5m3,int4", "--limit", "4"],
        ["compare", "--formats", "int4", "--ptq", "naive,aciq", "--ends", "int8", "--limit", "20"],
      ]
    ),
    (
      "evaluation",
      [
        ["evaluate", "--weights", "int4", "--activations", "int8", "--limit", "20"],
        [
          "evaluate", "--weights", "int8", "--activations", "int8", "--accumulator", "bfloat16", "--limit",
          "4",
        ],
        ["evaluate", "--limit", "4"],
        ["evaluate", "--weights", "int4", "--activations", "int4", "--ptq", "aciq", "--limit", "4"],
      ]
    ),
    (
      "explanation",
      [
        ["explain", "--format", "int4", "--limit", "20"],
        ["explain", "--format", "int4,hif8", "--no-sensitivity", "--limit", "4"],
      ]
    ),
    (
      "verification",
      [
        ["verify", "int4", "mxfp4"], ["verify", "int2", "--operations", "add,mul"],
        ["verify", "int4", "--accumulator", "int8", "--vectors", "20"],
      ]
    ),
    (
      "training",
      [
        ["train", "--epochs", "1", "--limit", "32", "--batch", "16", "--output", trainingFolder("whole")],
        [
          "train", "--epochs", "2", "--limit", "32", "--batch", "16", "--steps", "1", "--output",
          trainingFolder("part"),
        ],
        [
          "train", "--epochs", "2", "--limit", "32", "--batch", "16", "--fracbits", "4", "--channelwise",
          "--output",
          trainingFolder("search"),
        ],
      ]
    ),
    ("stochasticVerification", [["verify", "int3", "--rounding", "stochastic", "--random-bits", "3"]]),
    (
      "cost",
      [["cost", "resnet20-cifar"], ["cost", "resnet18", "--weights", "int4", "--activations", "posit12"]]
    ),
  ]

  private static func trainingFolder(_ name: String) -> String {
    FileManager.default.temporaryDirectory.appending(path: "binade-schema-\(name)-\(UUID().uuidString)").path
  }

  private static func schema(_ document: String) throws -> JSONValue {
    try JSONValue(String(contentsOf: folder.appending(path: document + ".schema.json"), encoding: .utf8))
  }

  @Test("what commands print fits the schema of its document", arguments: commands.map(\.document))
  func outputs(document: String) throws {
    let validator = JSONSchemaValidator(try Self.schema(document))
    for arguments in Self.commands.first(where: { $0.document == document })?.arguments ?? [] {
      let run = CommandRun(arguments + ["--json"])
      #expect(run.status == 0, "\(arguments): \(run.errors)")
      let value = try JSONValue(run.output)
      #expect(value["schemaVersion"] == .number(1) && value["document"] == .string(document), "\(arguments)")
      let faults = validator.faults(in: value)
      #expect(faults.isEmpty, "\(arguments): \(faults.prefix(5).joined(separator: "; "))")
      Self.expectEveryLossToShow(in: value, validator, "\(arguments)")
    }
  }

  /// Takes keys away, and adds one: the schema must notice.
  private static func expectEveryLossToShow(
    in value: JSONValue,
    _ validator: JSONSchemaValidator,
    _ name: String
  ) {
    guard let object = value.object else { return }
    func isNoticed(_ changed: [String: JSONValue]) -> Bool { !validator.faults(in: .object(changed)).isEmpty }
    // Lists of rows are always there; some lists of words and values are not.
    let lists = object.keys.filter { object[$0]?.array?.first?.object != nil }
    for key in ["schemaVersion", "document"] + lists {
      #expect(isNoticed(object.filter { $0.key != key }), "\(name): \(key) is not missed")
    }
    #expect(isNoticed(object.merging(["document": .string("other")]) { $1 }), "\(name): another document")
    // One level down, in the first row of each list: keys are missed, and none may become null.
    for (key, list) in object.compactMapValues(\.array) {
      guard let first = list.first?.object else { continue }
      func noticed(_ change: (String) -> [String: JSONValue]) -> Int {
        first.keys.count { isNoticed(object.merging([key: .array([.object(change($0))])]) { $1 }) }
      }
      #expect(noticed { lost in first.filter { $0.key != lost } } > 0, "\(name): no key of \(key) is missed")
      let changes = noticed { changed in first.merging([changed: .null]) { $1 } }
      #expect(changes == first.count, "\(name): \(key): a key that becomes null is not noticed")
    }
  }

  @Test("benchmarks, proofs and audits fit theirs, too")
  func others() throws {
    let scratch = try ScratchFolder()
    func expectFit(_ document: String, _ arguments: [String]) throws {
      let run = CommandRun(arguments + ["--json"])
      #expect(run.status != 2, "\(arguments): \(run.errors)")
      let faults = try JSONSchemaValidator(Self.schema(document)).faults(in: JSONValue(run.output))
      #expect(faults.isEmpty, "\(arguments): \(faults.prefix(5).joined(separator: "; "))")
    }
    let fast = ["--samples", "3", "--seconds", "0.001"]
    try expectFit("benchmark", ["bench", "gemm", "--size", "32", "--format", "int8"] + fast)
    try expectFit("benchmark", ["bench", "conv", "--shape", "8x6x6x8x3", "--batch", "2"] + fast)
    try expectFit("benchmark", ["bench", "codec", "--format", "int4"] + fast)
    let results = scratch.path("results")
    #expect(
      CommandRun(["compare", "--formats", "int4,int3", "--limit", "50", "--output", results]).status == 0
    )
    try expectFit("significance", ["significance", results + "/results.json"])
    let pair = [results + "/results.json#int4", results + "/results.json#1"]
    try expectFit("significance", ["significance"] + pair)
    let store = ["--store", scratch.path("s.sqlite")]
    let study = try scratch.write("s.yaml", Data("study: s\nformats: [int8, nosuchformat]\nlimit: 20\n".utf8))
    try expectFit("studies", ["study", "run", study] + store)
    // Results of other commands are there as well, but in no study.
    try expectFit("evaluation", ["evaluate", "--weights", "int3", "--limit", "20"] + store)
    try expectFit("comparison", ["compare", "--formats", "int3,int2", "--limit", "20"] + store)
    #expect(CommandRun(["pareto"] + store.suffix(1)).output.contains("int3/float32"))
    try expectFit("studies", ["study", "status"] + store)
    let curves = ["--reference", "int8", "--rival", "int8"]
    try expectFit("dominance", ["pareto", scratch.path("s.sqlite"), "--cost", "bitOperations"] + curves)
    let few = ["assign", "--formats", "int3,int4", "--limit", "20", "--sensitivity-images", "4"]
    try expectFit("assignment", few + ["--curve", "2"])
    try expectFit("assignment", few + ["--budget", "int4"])
    try expectFit("certificates", ["verify", "int2", "--rounding", "nearestEven", "--exhaustive"])
    // A converter that gives too few answers is no result; one that cuts is wrong, and diagnosed.
    let script = try scratch.write("cut.py", Data("import sys\nb = sys.stdin.buffer.read()\n".utf8))
    let cut = "sys.stdout.buffer.write(b''.join(b[i + 2:i + 4] for i in range(0, len(b), 4)))\n"
    try (String(contentsOfFile: script, encoding: .utf8) + cut).write(
      toFile: script,
      atomically: true,
      encoding: .utf8
    )
    try expectFit("audit", ["audit", "--format", "bfloat16", "--command", "python3 \(script)"])
  }

  @Test(
    "a schema for each document, and a document for each schema; no schema uses what the validator does not know"
  )
  func complete() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
      .filter { $0.hasSuffix(".schema.json") }.map { String($0.dropLast(12)) }
    #expect(
      Set(files)
        == Set(
          Self.commands.map(\.document) + [
            "benchmark", "certificates", "audit", "studies", "significance", "dominance",
            "assignment",
          ]
        )
    )
    for file in files {
      let schema = try Self.schema(file)
      #expect(schema["$schema"] == .string("https://json-schema.org/draft/2020-12/schema"), "\(file)")
      for shape in schema["anyOf"]?.array ?? [schema] {
        #expect(shape["properties"]?["document"]?["const"] == .string(file), "\(file)")
      }
    }
  }

  @Test(
    "the validator refuses what does not fit",
    arguments: [
      (#"{"type": "integer"}"#, "1.5"), (#"{"type": "boolean"}"#, "1"),
      (#"{"type": ["null", "string"]}"#, "1"),
      (#"{"const": "a"}"#, #""b""#), (#"{"enum": [1, 2]}"#, "3"), (#"{"minimum": 0}"#, "-1"),
      (#"{"maximum": 1}"#, "2"), (#"{"required": ["a"]}"#, "{}"), (#"{"items": {"type": "string"}}"#, "[1]"),
      (#"{"properties": {"a": {"type": "null"}}}"#, #"{"a": 0}"#),
      (#"{"additionalProperties": false}"#, #"{"a": 0}"#),
      (#"{"additionalProperties": {"type": "string"}}"#, #"{"a": 0}"#),
      (#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#, "0"),
      (##"{"$ref": "#/$defs/x", "$defs": {"x": {"type": "null"}}}"##, "0"), (#"{"unheardOf": 1}"#, "0"),
    ]
  )
  func refuses(schema: String, value: String) throws {
    #expect(try !JSONSchemaValidator(JSONValue(schema)).faults(in: JSONValue(value)).isEmpty)
  }
}
