import BinadeStudies
import Foundation
import Testing

/// Files of other tools as they are, and what is no such file.
@Suite struct ScoreFileTests {
  private static func scores(_ text: String, _ name: String, metric: String? = nil) throws -> [ItemScores] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "binade-scores-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appending(path: name)
    try Data(text.utf8).write(to: url)
    return try ScoreFile.runs(url, metric: metric)
  }

  /// As lm-evaluation-harness writes them with --log_samples.
  private static let samples = """
    {"doc_id": 0, "doc": {"q": "a"}, "target": "1", "resps": [["x"]], "filter": "none", "metrics": ["acc", "acc_norm"], \
    "doc_hash": "f1", "acc": 1.0, "acc_norm": 0.0}
    {"doc_id": 1, "doc": {"q": "b"}, "target": "0", "resps": [["y"]], "filter": "none", "metrics": ["acc", "acc_norm"], \
    "doc_hash": "f2", "acc": 0.0, "acc_norm": 1.0}

    """

  @Test(
    "samples of lm-evaluation-harness: accuracy unless another metric is asked for, documents by number and hash"
  )
  func harness() throws {
    let run = try Self.scores(Self.samples, "samples_arc.jsonl")[0]
    #expect(run.items == ["0 f1", "1 f2"] && run.scores == [1, 0] && run.name == "samples_arc")
    #expect(try Self.scores(Self.samples, "s.jsonl", metric: "acc_norm")[0].scores == [0, 1])
  }

  @Test("several filters need a choice")
  func filters() throws {
    let text = ["strict", "flexible"].flatMap { filter in
      (0..<2).map {
        #"{"doc_id": \#($0), "filter": "\#(filter)", "metrics": ["exact_match"], "exact_match": \#($0)}"#
      }
    }.joined(separator: "\n")
    #expect(throws: ScoreFileError.severalFilters(file: "s.jsonl", filters: ["flexible", "strict"])) {
      try Self.scores(text, "s.jsonl")
    }
    #expect(try Self.scores(text, "s.jsonl", metric: "exact_match,strict")[0].scores == [0, 1])
  }

  @Test("CSV with a column of items and one of scores, quoted or not, true and false or numbers")
  func csv() throws {
    let run = try Self.scores("id,correct,text\n7,true,\"a, b\"\n9,false,c\n", "t.csv")[0]
    #expect(run.items == ["7", "9"] && run.scores == [1, 0] && run.isBinary)
    #expect(try Self.scores("image,points\n1,0.25\n2,1\n", "t.csv")[0].scores == [0.25, 1])
  }

  @Test(
    "what is no file of scores is a sentence",
    arguments: [
      ("t.csv", "id,correct\n1,maybe\n"), ("t.csv", "id,correct\n1,1\n1,0\n"), ("t.csv", ""),
      ("t.jsonl", "[1, 2]\n"), ("t.jsonl", "{\"doc_id\": 1}\n"), ("t.jsonl", "{\"acc\": 1}\n"),
      ("t.jsonl", ""),
      ("t.json", "{}"), ("t.json", "no JSON"), ("t.json", "{\"document\": \"cost\"}"),
      ("t.csv", "id,a,b\n1,0,1\n"), ("t.jsonl", "{\"id\": 1, \"acc\": \"x\"}\n"),
    ]
  )
  func badFiles(name: String, text: String) {
    #expect(throws: ScoreFileError.self) { try Self.scores(text, name) }
  }
}
