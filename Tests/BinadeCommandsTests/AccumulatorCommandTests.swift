import Foundation
import Testing

/// `verify --accumulator` from the outside.
@Suite struct AccumulatorCommandTests {
  @Test("dot products in two accumulators, every rule, with counts")
  func run() {
    let run = CommandRun(["verify", "float4_e2m1fn", "--accumulator", "bfloat16,int12", "--vectors", "500"])
    #expect(run.status == 0, "\(run.output) \(run.errors)")
    #expect(run.output.contains("float4_e2m1fn in bfloat16        14"))
    #expect(run.output.contains("float4_e2m1fn in int12           21"))
    #expect(run.output.contains("0 mismatches"))
  }

  @Test("orders, groups and rounded products")
  func orders() {
    for order in ["sequential", "pairwise", "chunks:4"] {
      let run = CommandRun([
        "verify", "float8_e5m2", "--accumulator", "float16", "--accumulate-order", order,
        "--accumulate-every", "2",
        "--product", "float16", "--rounding", "nearestEven", "--vectors", "500",
      ])
      #expect(run.status == 0 && run.output.contains("0 mismatches"), "\(run.output) \(run.errors)")
    }
  }

  @Test("an accumulator too narrow for one product is told with the bound")
  func warning() {
    let run = CommandRun([
      "verify", "int8", "--accumulator", "int12", "--rounding", "nearestEven", "--vectors", "100",
    ])
    #expect(run.status == 0)
    #expect(run.errors.contains("accumulator 'int12' is too narrow to hold one product: products reach 2^14"))
  }

  @Test(
    "bad input",
    arguments: [
      (["--accumulator", ","], "--accumulator needs at least one name"),
      (
        ["--accumulator", "exact"],
        "'exact' rounds once, at the end, and is an accumulator of 'binade evaluate'"
      ),
      (["--accumulator", "bfloat16,exact"], "names formats that sums are rounded to"),
      (["--accumulator", "bfloat"], "did you mean 'bfloat16'?"),
      (["--accumulator", "lns4.3"], "'values' is irrational"),
      (["--accumulator", "bfloat16", "--accumulate-every", "0"], "must be at least 1, found 0"),
      (["--accumulator", "bfloat16", "--accumulate-order", "tree"], "is sequential, pairwise or chunks:K"),
      (["--accumulator", "bfloat16", "--operations", "add"], "--accumulator is a check of its own"),
      (["--vectors", "5"], "--vectors needs --accumulator"),
    ]
  )
  func badInput(arguments: [String], message: String) {
    let run = CommandRun(["verify", "int4"] + arguments)
    #expect(run.status == 2, "\(run.output)")
    #expect(run.errors.contains(message), "\(run.errors)")
  }

  @Test("help of --accumulator is about the command that it is of")
  func help() {
    func option(_ command: String) -> String {
      let words = CommandRun(command, "--help").output.split(whereSeparator: \.isWhitespace).joined(
        separator: " "
      )
      let start = words.range(of: "--accumulator <accumulator>")?.upperBound ?? words.endIndex
      let end =
        words.range(of: "--accumulate-every", range: start..<words.endIndex)?.lowerBound ?? words.endIndex
      return String(words[start..<end])
    }
    #expect(option("verify").hasPrefix(" Check dot products instead, "))
    #expect(
      option("evaluate").hasPrefix(
        " The format that each layer's sums of products are rounded to; 'exact'"
      )
    )
    #expect(!(option("verify") + option("evaluate")).contains("evaluate:"))
  }

  static let evaluation = [
    "evaluate", "--limit", "40", "--weights", "float8_e4m3fn", "--activations", "float8_e4m3fn",
  ]

  @Test("a network with an accumulator: the row and the explanation name it")
  func evaluate() throws {
    let cases: [([String], String)] = [
      ([], "sum bfloat16"), (["--accumulate-every", "4"], "sum bfloat16, every 4"),
      (
        ["--accumulate-order", "chunks:32", "--product", "bfloat16"],
        "sum bfloat16, product bfloat16, chunks of 32 into float32"
      ),
    ]
    for (options, description) in cases {
      let run = CommandRun(Self.evaluation + ["--accumulator", "bfloat16"] + options + ["--json"])
      #expect(run.status == 0, "\(run.errors)")
      let row = try #require(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
      let provenance = try #require(row["provenance"] as? [String: Any])
      #expect(provenance["accumulator"] as? String == description)
      let accuracy = try #require(row["top1Accuracy"] as? Double)
      #expect((0.8...1).contains(accuracy))
    }
    let text = CommandRun(Self.evaluation + ["--accumulator", "bfloat16", "--explain"])
    #expect(text.output.contains("accumulator  sum bfloat16"))
    #expect(text.output.contains("the accumulator is a format: sum bfloat16"))
  }

  @Test("a network on the logarithmic datapath, and what names it where it is not asked for")
  func evaluateLogarithmic() {
    let evaluation = [
      "evaluate", "--limit", "40", "--weights", "lns4.3", "--activations", "lns4.3", "--explain",
    ]
    let run = CommandRun(evaluation + ["--accumulator", "logarithmic"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("asked for: exponents add"), "\(run.output)")
    #expect(CommandRun(evaluation).output.contains("exponents could add: the logarithmic datapath"))
  }

  @Test("exact sums: limbs where they hold the values, else the reference, with the reason")
  func evaluateExact() {
    let posits = CommandRun([
      "evaluate", "--limit", "20", "--weights", "posit8", "--activations", "posit8", "--accumulator", "exact",
      "--explain",
    ])
    #expect(posits.output.contains("rounded once, to float32; limbs:"), "\(posits.output)")
    let bfloats = CommandRun([
      "evaluate", "--limit", "1", "--weights", "bfloat16", "--activations", "bfloat16", "--accumulator",
      "exact",
      "--explain",
    ])
    #expect(bfloats.output.contains("no limbs: values span more than 62 bits"), "\(bfloats.output)")
  }

  @Test("a network whose accumulator overflows: a note, and infinite errors in JSON")
  func evaluateNarrow() throws {
    let run = CommandRun(
      Self.evaluation.map { $0 == "40" ? "8" : $0 } + ["--accumulator", "float16", "--json"]
    )
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("note: conv1: accumulator 'float16' is too narrow to hold one product"))
    #expect(run.output.contains("\"meanSquaredError\" : \"inf\""))
  }

  @Test(
    "bad input to evaluate",
    arguments: [
      (evaluation + ["--accumulator", "bfloat16,float16"], "takes one format here"),
      (evaluation + ["--accumulator", "lns4.3"], "'values' is irrational"),
      (evaluation + ["--accumulator", "exact", "--accumulate-every", "4"], "rounds once, at the end"),
      (evaluation + ["--accumulator", "logarithmic"], "allowed: powers of two and of their roots"),
      (
        evaluation + ["--accumulator", "logarithmic", "--product", "float16"],
        "logarithmic rounds to float32 after every product"
      ),
      (evaluation + ["--product", "float16"], "--product needs --accumulator"),
      (["evaluate", "--accumulator", "exact"], "give --weights and --activations"),
      (["evaluate", "--accumulator", "bfloat16", "--weights", "int4"], "give --weights and --activations"),
    ]
  )
  func badEvaluation(arguments: [String], message: String) {
    let run = CommandRun(arguments)
    #expect(run.status == 2, "\(run.output)")
    #expect(run.errors.contains(message), "\(run.errors)")
  }
}
