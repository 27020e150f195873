import Binade
import Testing

/// Costs against AQT's released test constants and the counts published with the papers.
@Suite struct CostTests {
  static func uniform(_ bits: Int) -> Cost.Widths { Cost.Widths(weights: bits, activations: bits) }

  static func cost(
    _ name: String,
    _ body: Cost.Widths,
    ends: Int? = nil,
    shortcut: ResNet.Shortcut = .a,
    width: Double = 1
  ) throws -> Cost {
    var options = ArchitectureOptions()
    (options.shortcut, options.widthMultiplier) = (shortcut, width)
    return Cost(
      try ArchitectureName.resolve(name, options).graph,
      body: body,
      ends: ends.map(uniform)
    )
  }

  @Test(
    "CIFAR ResNets: MACs, weights and quadratic and linear costs",
    arguments: [
      (20, "A", 40_551_040, 268_336, 10_381_066_240, 2_595_266_560, 648_816_640, 670_081_024, 163_976_192),
      (
        32, "A", 68_862_592, 461_872, 17_628_823_552, 4_407_205_888, 1_101_801_472, 1_123_065_856, 277_222_400
      ),
      (
        44, "A", 97_174_144, 655_408, 24_876_580_864, 6_219_145_216, 1_554_786_304, 1_576_050_688, 390_468_608
      ),
      (
        56, "A", 125_485_696, 848_944, 32_124_338_176, 8_031_084_544, 2_007_771_136, 2_029_035_520,
        503_714_816
      ),
      (
        110, "A", 252_887_680, 1_719_856, 64_739_246_080, 16_184_811_520, 4_046_202_880, 4_067_467_264,
        1_013_322_752
      ),
      (20, "B", 40_813_184, 270_896, 10_448_175_104, 2_612_043_776, 653_010_944, 674_275_328, 165_024_768),
      (
        56, "B", 125_747_840, 851_504, 32_191_447_040, 8_047_861_760, 2_011_965_440, 2_033_229_824,
        504_763_392
      ),
    ]
  )
  func cifar(
    depth: Int,
    shortcut: String,
    macs: Int,
    weights: Int,
    bf16: Int,
    eight: Int,
    four: Int,
    fourEnds: Int,
    linearFourEnds: Int
  ) throws {
    let name = "resnet\(depth)-cifar"
    let shortcut = try #require(ResNet.Shortcut(rawValue: shortcut))
    let full = try Self.cost(name, Self.uniform(16), shortcut: shortcut)
    #expect(full.multiplyAccumulateCount == macs)
    #expect(full.weightCount == weights)
    #expect(full.aqtQuadratic == bf16)
    #expect(full.aqtLinear == 16 * macs)
    #expect(try Self.cost(name, Self.uniform(8), shortcut: shortcut).aqtQuadratic == eight)
    #expect(try Self.cost(name, Self.uniform(4), shortcut: shortcut).aqtQuadratic == four)
    let mostly = try Self.cost(name, Self.uniform(4), ends: 8, shortcut: shortcut)
    #expect(mostly.aqtQuadratic == fourEnds)
    #expect(mostly.aqtLinear == linearFourEnds)
  }

  @Test("ResNet-50: AQT's released constants")
  func resNet50() throws {
    func cost(_ weights: Int, _ activations: Int, ends: Int? = nil) throws -> Cost {
      try Self.cost("resnet50", Cost.Widths(weights: weights, activations: activations), ends: ends)
    }
    #expect(try cost(16, 16).aqtQuadratic == 1_046_831_169_536)
    #expect(try cost(8, 8).aqtQuadratic == 261_707_792_384)
    #expect(try cost(4, 4).aqtQuadratic == 65_426_948_096)
    #expect(try cost(4, 4, ends: 8).aqtQuadratic == 71_189_921_792)
    #expect(try cost(4, 2).aqtQuadratic == 32_713_474_048)
    #expect(try cost(8, 16).aqtQuadratic == 523_415_584_768)
    #expect(try cost(4, 16).aqtQuadratic == 261_707_792_384)
    #expect(try cost(16, 16).weightMemoryBits == 408_046_592)
    #expect(try cost(8, 8).weightMemoryBits == 204_023_296)
    #expect(try cost(4, 4).weightMemoryBits == 102_011_648)
    #expect(try cost(4, 4, ends: 8).weightMemoryBits == 110_241_280)
    #expect(try cost(16, 16).aqtLinear == 65_426_948_096)
    #expect(try cost(8, 8).aqtLinear == 32_713_474_048)
    #expect(try cost(4, 4).aqtLinear == 16_356_737_024)
    #expect(try cost(4, 4, ends: 8).aqtLinear == 16_836_984_832)
    #expect(try cost(2, 2, ends: 8).aqtQuadratic == 23_560_454_144)
    #expect(try cost(8, 4, ends: 8).aqtQuadratic == 134_695_878_656)
  }

  @Test(
    "ImageNet ResNets by depth",
    arguments: [
      (18, 1_814_073_344, 11_678_912), (29, 2_560_622_592, 17_077_440), (34, 3_663_761_408, 21_779_648),
      (50, 4_089_184_256, 25_502_912), (101, 7_801_405_440, 44_442_816), (152, 11_513_626_624, 60_040_384),
      (200, 15_007_481_856, 64_496_832),
    ]
  )
  func imageNet(depth: Int, macs: Int, weights: Int) throws {
    let cost = try Self.cost("resnet\(depth)", Self.uniform(16))
    #expect(cost.multiplyAccumulateCount == macs)
    #expect(cost.weightCount == weights)
  }

  @Test("ResNet-18: quadratic cost and memory with 8-bit ends")
  func resNet18() throws {
    #expect(try Self.cost("resnet18", Self.uniform(16)).aqtQuadratic == 464_402_776_064)
    #expect(try Self.cost("resnet18", Self.uniform(4), ends: 8).aqtQuadratic == 34_714_419_200)
    #expect(try Self.cost("resnet18", Self.uniform(4), ends: 8).aqtLinear == 7_730_397_184)
    #expect(try Self.cost("resnet18", Self.uniform(2), ends: 8).aqtQuadratic == 14_367_850_496)
  }

  @Test(
    "ResNet-50 by width, the stem fixed",
    arguments: [
      (0.5, 1_127_374_848, 6_899_904), (0.75, 2_364_223_488, 14_737_344), (1.25, 6_302_257_152, 39_196_608),
      (1.5, 9_003_442_176, 55_818_432), (2.0, 15_870_148_608, 97_846_464),
    ]
  )
  func widths(width: Double, macs: Int, weights: Int) throws {
    let cost = try Self.cost("resnet50", Self.uniform(16), width: width)
    #expect(cost.multiplyAccumulateCount == macs)
    #expect(cost.weightCount == weights)
  }

  @Test("above 16 bits AQT's models are not defined, BitOPs are")
  func wide() throws {
    let cost = try Self.cost("resnet20-cifar", Self.uniform(32))
    #expect(cost.aqtQuadratic == nil)
    #expect(cost.aqtLinear == nil)
    #expect(cost.bitOperations == 40_551_040 * 1024)
  }

  /// FracBits' rule: the first layer in 8 bits, the weights of the last one in 8, the rest in `bits`.
  static func uniformCost(_ name: String, _ bits: Int) throws -> Cost {
    let graph = try ArchitectureName.resolve(name).graph
    let count = graph.weightedLayers.count
    return Cost(
      graph,
      widths: (0..<count).map { layer in
        Cost.Widths(
          weights: layer == 0 || layer == count - 1 ? 8 : bits,
          activations: layer == 0 ? 8 : bits
        )
      }
    )
  }

  @Test(
    "F4: FracBits' targets are the costs of uniform networks, in 10^9 bit operations and in MB with a bias of 32 bits",
    arguments: [
      ("resnet18", [14.3433, 22.8251, 34.6980, 49.9621, 68.6172], [3.3148, 4.7095, 6.1042, 7.4988, 8.8935]),
      (
        "resnet50", [23.4622, 43.3241, 71.1244, 106.8629, 150.5396],
        [7.9228, 10.8535, 13.7842, 16.7148, 19.6455]
      ),
      ("mobilenetv1", [2.9375, 5.7301, 9.6365, 14.6566, 20.7904], [1.8249, 2.2229, 2.6210, 3.0190, 3.4170]),
      ("mobilenetv2", [1.8687, 3.3223, 5.3531, 7.9612, 11.1467], [1.8321, 2.1057, 2.3793, 2.6529, 2.9265]),
    ]
  )
  func fracBitsTargets(name: String, operations: [Double], sizes: [Double]) throws {
    for (place, bits) in (2...6).enumerated() {
      let cost = try Self.uniformCost(name, bits)
      #expect(abs(Double(cost.bitOperations) / 1e9 - operations[place]) < 5.1e-5, "\(bits) bits")
      #expect(abs(Double(cost.weightMemoryBits + 32 * 1000) / 8e6 - sizes[place]) < 5.1e-5, "\(bits) bits")
    }
  }
}
