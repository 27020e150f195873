import BinadeFormats
import BinadeNumerics
import BinadeQuantization
import Testing

@Suite struct RegretTests {
  private func regret(_ format: any NumericFormat, _ values: [Float]) throws -> Double {
    let quantizer = try Quantizer(
      QuantizerSpecification(format: format, granularity: .tensor),
      samples: [TensorSample(values)],
      name: "test",
      cache: CodecCache()
    )
    return try #require(Regret(values, quantizer: quantizer)).ratio
  }

  @Test("the Lloyd-Max codebook of a unit Gaussian as a format has a regret of 1", arguments: [2, 4, 8, 16])
  func codebook(count: Int) throws {
    let values = QuantileGrids.normal(20_000)
    let levels = LloydMaxCodebook(values, levelCount: count).levels
    let info = FormatInfo(
      name: "lloyd_max",
      bitWidth: 0,
      family: .codebook,
      source: "this test",
      scaling: .none
    )
    // Values are rounded to float32 on the way: 1 up to that.
    let found = try regret(CodebookFormat(info: info, values: levels), values)
    #expect(abs(found - 1) < 1e-6, "\(found)")
  }

  @Test("no format does better than the optimum, on values of three shapes")
  func atLeastOne() throws {
    let catalog = try FormatCatalog()
    let shapes = [
      QuantileGrids.normal(4096), QuantileGrids.laplace(4096), QuantileGrids.laplace(4096).map { max($0, 0) },
    ]
    for name in [
      "int2", "int3", "int4", "uint4", "float4_e2m1fn", "nf4", "posit4", "float6_e3m2fn", "lns3.2",
    ] {
      for values in shapes {
        let found = try regret(catalog.format(named: name), values)
        #expect(found >= 1 - 1e-9, "\(name): \(found)")
        // The optimum is no straw man: four bits are within a factor of it.
        #expect(found < 1000, "\(name): \(found)")
      }
    }
    // NF4 was made for normal weights: nearer to the optimum there than evenly spaced values.
    let normal = QuantileGrids.normal(4096)
    #expect(
      try regret(catalog.format(named: "nf4"), normal)
        < regret(catalog.format(named: "float4_e2m1fn"), normal)
    )
  }

  @Test("a constant tensor, and one that the format holds exactly")
  func exact() throws {
    let catalog = try FormatCatalog()
    #expect(try regret(catalog.format(named: "int4"), [1, 2, -3, 7]) == 1)
    #expect(try regret(catalog.format(named: "int4"), [15, 15]) == 1)
  }
}
