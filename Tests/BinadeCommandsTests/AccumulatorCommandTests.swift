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
}
