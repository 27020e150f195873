import Foundation
import Testing

/// `verify --accumulator` from the outside.
@Suite struct AccumulatorCommandTests {
  @Test("dot products in two accumulators, every rule, with counts")
  func run() {
    let run = CommandRun(["verify", "float4_e2m1fn", "--accumulator", "bfloat16,int12", "--vectors", "500"])
    #expect(run.status == 0, "\(run.output) \(run.errors)")
    #expect(run.output.contains("float4_e2m1fn in bfloat16     14"))
    #expect(run.output.contains("float4_e2m1fn in int12        21"))
    let one = CommandRun([
      "verify", "float4_e2m1fn", "--accumulator", "q15.16:wrap:down,int24:saturate", "--vectors", "500",
    ])
    #expect(one.status == 0, "\(one.output) \(one.errors)")
    #expect(one.output.contains("float4_e2m1fn in q15.16      1"), "\(one.output)")
    #expect(one.output.contains("float4_e2m1fn in int24       7"), "\(one.output)")
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
      (
        ["--accumulator", "bfloat16", "--accumulate-order", "tree"],
        "is sequential, pairwise, chunks:K or chunks:K:FORMAT"
      ),
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

  @Test("fixed-point sums that hold every product change nothing, and run without the reference")
  func evaluateFixedPoint() throws {
    let evaluation = ["evaluate", "--limit", "40", "--weights", "int8", "--activations", "int8", "--json"]
    func accuracy(_ arguments: [String]) throws -> Double {
      let run = CommandRun(evaluation + arguments)
      #expect(run.status == 0, "\(run.errors)")
      #expect(!run.errors.contains("scalar reference"), "\(run.errors)")
      let row = try #require(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
      let layers = try #require(row["layers"] as? [[String: Any]])
      #expect(!layers.contains { $0["datapath"] as? String == "reference" })
      return try #require(row["top1Accuracy"] as? Double)
    }
    let plain = try accuracy([])
    for name in ["q31.0", "int24", "int32:saturate", "int32:wrap", "q23.8:wrap:down", "vnni_int8"] {
      #expect(try accuracy(["--accumulator", name]) == plain, "\(name)")
    }
    #expect(try accuracy(["--accumulator", "q7.8"]) < plain, "products of int8 do not fit")
  }

  @Test("what falls to the scalar reference says so, with the time")
  func evaluateReference() {
    let run = CommandRun(
      Self.evaluation.map { $0 == "40" ? "1" : $0 } + ["--accumulator", "posit32"]
    )
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      run.errors.contains("and 7 more layers: carried out by the scalar reference, about"),
      "\(run.errors)"
    )
    let explanation = CommandRun([
      "explain", "--format", "int4", "--limit", "1", "--no-sensitivity", "--accumulator", "posit32",
    ])
    #expect(
      explanation.errors.contains("carried out by the scalar reference, about"),
      "\(explanation.errors)"
    )
  }

  @Test("a table of formats and accumulators, each row named after both")
  func compare() throws {
    let arguments = [
      "compare", "--limit", "40", "--formats", "int8,int4", "--accumulator", "cheapest,q15.16,int16:wrap",
    ]
    let run = CommandRun(arguments)
    #expect(run.status == 0, "\(run.errors)")
    for label in [
      "int8 ", "int8, sums in q15.16 ", "int8, sums in int16 (wrap) ", "int4 ", "int4, sums in q15.16 ",
      "int4, sums in int16 (wrap) ",
    ] {
      #expect(run.output.split(separator: "\n").contains { $0.hasPrefix(label) }, "\(label): \(run.output)")
    }
    let json = CommandRun(arguments + ["--json"])
    let parsed = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
    let rows = try #require(
      parsed as? [[String: Any]] ?? (parsed as? [String: Any])?["results"] as? [[String: Any]]
    )
    let accumulators = rows.map { ($0["provenance"] as? [String: Any])?["accumulator"] as? String }
    #expect(accumulators.count { $0 == "sum int16 (wrap)" } == 2 && accumulators.count { $0 == nil } == 3)
    let recipes = CommandRun(
      [
        "compare", "--limit", "20", "--formats", "int4", "--ptq", "naive", "--accumulator",
        "cheapest,int16:wrap",
      ]
    )
    #expect(recipes.status == 0 && recipes.output.contains("sums in int16 (wrap)"), "\(recipes.errors)")
    let bad = CommandRun(
      ["evaluate", "--limit", "1", "--ptq", "naive+bias", "--accumulator", "int16"]
        + ["--weights", "int4", "--activations", "int4"]
    )
    #expect(
      bad.status == 2
        && bad.errors.contains("'conv1': accumulator 'sum int16' sums products of codes, and what corrects"),
      "\(bad.errors)"
    )
  }

  @Test("matrix units by name: on their own formats, listed in the help, refused on others")
  func matrixUnits() {
    let run = CommandRun(Self.evaluation + ["--accumulator", "hopper_float8", "--explain"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("accumulator  matrix unit hopper_float8"), "\(run.output)")
    #expect(run.output.contains("aligned to 13 fraction bits"))
    let check = CommandRun([
      "verify", "float16", "--accumulator", "volta_float16,hopper_float16", "--vectors", "300",
    ])
    #expect(check.status == 0 && check.output.contains(" 0 mismatches"), "\(check.output) \(check.errors)")
    let help = CommandRun("evaluate", "--help").output
    for unit in ["volta_float16", "ampere_bfloat16", "hopper_float8_promoted", "vnni_int8"] {
      #expect(help.contains(unit), "\(unit)")
    }
    let other = CommandRun([
      "evaluate", "--limit", "1", "--weights", "int4", "--activations", "int4", "--accumulator",
      "hopper_float8",
    ])
    #expect(other.status == 2, "\(other.output)")
    #expect(
      other.errors.contains("'operands' is int4; allowed: float8_e4m3fn, float8_e5m2"),
      "\(other.errors)"
    )
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

  @Test("a network whose accumulator overflows: a note, and counts of infinities and a warning in JSON")
  func evaluateNarrow() throws {
    let run = CommandRun(
      Self.evaluation.map { $0 == "40" ? "8" : $0 } + ["--accumulator", "float16", "--json"]
    )
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("note: conv1: accumulator 'float16' is too narrow to hold one product"))
    #expect(run.output.contains(/"infiniteCount" : [1-9]/))
    #expect(run.output.contains(/"warnings" : \[\s*"/))
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
