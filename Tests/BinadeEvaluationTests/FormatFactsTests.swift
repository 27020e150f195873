import Binade
import Foundation
import Testing

/// Facts worked out by hand from the definitions of the formats.
@Suite struct FormatFactsTests {
  private func facts(_ name: String) throws -> FormatFacts {
    try FormatFacts(of: FormatCatalog().format(named: name))
  }

  private func codebook(_ values: [Double]) throws -> CodebookFormat {
    try CodebookFormat(info: FormatInfo(name: "list", bitWidth: 0, family: .codebook), values: values)
  }

  private func positive(_ facts: FormatFacts) -> [Int] { facts.valuesPerBinade.map(\.positive) }

  @Test("float8_e4m3fn: u / (1 + u) with u = 2^-4 is 1/17")
  func e4m3() throws {
    let facts = try facts("float8_e4m3fn")
    let error = try #require(facts.greatestRelativeError)
    #expect(error.value == 1.0 / 17)
    #expect(error.at == 1.0625)
    #expect(error.leastMagnitude == 0x1p-6)
    #expect(error.greatestMagnitude == 448)
    #expect(!error.isSampled)
    #expect(facts.leastNormalMagnitude == 0x1p-6)
    #expect(facts.leastPositive == 0x1p-9)
    #expect(facts.neighbourBelowOne == 1 - 0x1p-4)
    #expect(facts.neighbourAboveOne == 1 + 0x1p-3)
    #expect(facts.significantBitsAtOne == 4)
    #expect(facts.decimalDigitsAtOne == 4 * log10(2))
    #expect(facts.greatestContiguousInteger == 16)  // 17 lies between 16 and 18
    // Subnormals 1, 2, 4; normals 8 a binade; 448 + 32 would be NaN.
    #expect(facts.valuesPerBinade.map(\.exponent) == Array(-9...8))
    #expect(positive(facts) == [1, 2, 4] + Array(repeating: 8, count: 14) + [7])
    #expect(facts.valuesPerBinade.map(\.negative) == positive(facts))
    #expect(facts.countedFiniteValues == 253)
    #expect(facts.codeCounts?.nan == 2)
    #expect(facts.codeCounts?.infinity == 0)
    #expect(facts.codeCounts?.nonFiniteFraction == 2.0 / 256)
  }

  @Test("a list that is not symmetric: each side of zero by itself")
  func sides() throws {
    let list = try codebook([-4, -1, -0.25, 0, 0.5, 1, 1.5, 8])
    let sides = try FormatFacts(of: list).sides
    try #require(sides.map(\.sign) == [.positive, .negative])
    let (positive, negative) = (sides[0], sides[1])
    #expect(positive.valueCount == 4 && negative.valueCount == 3)
    #expect(positive.leastMagnitude == 0.5 && negative.leastMagnitude == 0.25)
    #expect(positive.greatestMagnitude == 8 && negative.greatestMagnitude == 4)
    #expect(positive.innerNeighbourOfOne == 0.5 && positive.outerNeighbourOfOne == 1.5)
    #expect(negative.innerNeighbourOfOne == -0.25 && negative.outerNeighbourOfOne == -4)
    #expect(positive.significantBitsAtOne == 2 && negative.significantBitsAtOne == 1 - log2(3))
    // 4.75 lies between 1.5 and 8; -0.625 between -1 and -0.25.
    #expect(
      positive.greatestRelativeError?.value == 3.25 / 4.75 && positive.greatestRelativeError?.at == 4.75
    )
    #expect(negative.greatestRelativeError?.value == 0.6 && negative.greatestRelativeError?.at == -0.625)
    let text = try FormatDescriptionText(list, FormatFacts(of: list))
    let lines = try #require(text.sides).split(separator: "\n").map(String.init)
    #expect(lines.contains { $0.hasPrefix("  positive") && $0.contains("68.4211 %") && $0.hasSuffix("4.75") })
    #expect(lines.contains { $0.hasPrefix("  negative") && $0.contains("60 %") && $0.hasSuffix("-0.625") })
    #expect(text.binades.hasPrefix("values per binade, of each sign"))
  }

  @Test("sides that mirror each other, or are alone, are not told apart")
  func noSides() throws {
    for name in ["float8_e4m3fn", "posit8", "int4_narrow", "uint4", "float32", "takum32"] {
      #expect(try facts(name).sides.isEmpty, "\(name)")
    }
    #expect(try facts("int4").sides.map(\.greatestMagnitude) == [7, 8])
    #expect(try facts("q15.16").sides.map(\.valueCount) == [(1 << 31) - 1, 1 << 31])
  }

  @Test("int4: the greatest error is at 3/2, half a step of 1")
  func int4() throws {
    let facts = try facts("int4")
    #expect(facts.greatestRelativeError?.value == 0.5 / 1.5)
    #expect(facts.greatestRelativeError?.at == 1.5)
    #expect(facts.greatestRelativeError?.leastMagnitude == 1)
    #expect(facts.greatestRelativeError?.greatestMagnitude == 8)
    #expect(facts.leastNormalMagnitude == nil)
    #expect(facts.significantBitsAtOne == 1)
    #expect(facts.neighbourBelowOne == 0)
    #expect(facts.neighbourAboveOne == 2)
    #expect(facts.greatestContiguousInteger == 7)
    #expect(positive(facts) == [1, 2, 4, 0])
    #expect(facts.valuesPerBinade.map(\.negative) == [1, 2, 4, 1])
    #expect(facts.codeCounts?.nonFiniteFraction == 0)
  }

  @Test(
    "posit8: between the greatest two values 2^20 and 2^24 rounding switches at 2^22, off by 3 times 2^22"
  )
  func posit8() throws {
    let facts = try facts("posit8")
    #expect(facts.greatestRelativeError?.value == 3)
    #expect(facts.greatestRelativeError?.at == 0x1p22)
    #expect(facts.significantBitsAtOne == 4)
    #expect(facts.greatestContiguousInteger == 16)
    #expect(facts.codeCounts?.nan == 1)
    let near = facts.valuesPerBinade.filter { (-4..<4).contains($0.exponent) }
    #expect(near.allSatisfy { $0.positive == 8 && $0.negative == 8 })
    #expect(positive(facts).reduce(0, +) == 127)
  }

  @Test("nf4: 1 is the greatest value; the error is greatest between -0.1848 and -0.0911")
  func nf4() throws {
    let facts = try facts("nf4")
    let (a, b) = (-0.18477343022823334, -0.09105003625154495)
    let middle = (a + b) / 2
    #expect(facts.greatestRelativeError?.at == middle)
    #expect(facts.greatestRelativeError.map { abs($0.value - (middle - a) / -middle) < 0x1p-50 } == true)
    #expect(facts.isOneAValue)
    #expect(facts.neighbourBelowOne == 0.7229568362236023)
    #expect(facts.neighbourAboveOne == nil)
    #expect(facts.significantBitsAtOne == 1 - log2(1 - 0.7229568362236023))
    #expect(facts.greatestContiguousInteger == 1)
    #expect(positive(facts) == [1, 2, 2, 2, 1])
  }

  @Test("float32, takum32 and q15.16: facts without listing the values")
  func wide() throws {
    let float = try facts("float32")
    #expect(float.greatestRelativeError?.value == 0x1p-24 / (1 + 0x1p-24))
    #expect(float.greatestRelativeError?.isSampled == true)
    #expect(float.leastNormalMagnitude == 0x1p-126)
    #expect(float.greatestContiguousInteger == 1 << 24)
    #expect(float.codeCounts?.infinity == 2)
    #expect(float.codeCounts?.nan == 2 * ((1 << 23) - 1))
    #expect(float.countedFiniteValues == (1 << 32) - (1 << 24) - 1)
    #expect(positive(float).last == 1 << 23)
    #expect(try facts("tf32").leastNormalMagnitude == 0x1p-126)
    // Irrational extremes, and a single code for NaN; 2 is no power of the root of e.
    let takum = try facts("takum32")
    #expect(takum.countedFiniteValues == (1 << 32) - 1)
    #expect(takum.codeCounts?.nan == 1)
    #expect(takum.greatestContiguousInteger == 1)
    let fixed = try facts("q15.16")
    #expect(fixed.greatestContiguousInteger == 32767)
    #expect(fixed.codeCounts?.nonFiniteFraction == 0)
    #expect(fixed.countedFiniteValues == 1 << 32)
    #expect(fixed.valuesPerBinade.last?.negative == 1)
  }

  @Test("lists without zero, without 1, or with nothing to compare")
  func odd() throws {
    let powers = try FormatFacts(of: codebook([0.25, 0.5, 1, 2]))
    #expect(powers.greatestContiguousInteger == nil)
    #expect(powers.greatestRelativeError?.value == 0.5 / 1.5)
    #expect(powers.codeCounts?.nan == 0)
    let two = try FormatFacts(of: codebook([-5, 3]))
    #expect(two.greatestRelativeError == nil)
    #expect(!two.isOneAValue)
    #expect(two.significantBitsAtOne == 1 - log2(8))
    let far = try FormatFacts(of: codebook([0, 0.25, 0.5, .nan]))
    #expect(far.significantBitsAtOne == nil)
    #expect(far.codeCounts?.nan == 1)
  }

  @Test("a float without subnormals has its least magnitude as the least normal one")
  func noSubnormals() throws {
    let format = try BinaryFloatFormat(
      info: FormatInfo(name: "flushing", bitWidth: 0, family: .binaryFloat),
      exponentBitCount: 4,
      significandBitCount: 3,
      specialValues: .finiteNaN,
      lowestBinade: .zeroOnly
    )
    #expect(try FormatFacts(of: format).leastNormalMagnitude == 0x1p-6)
    #expect(try facts("float8_e8m0fnu").leastNormalMagnitude == 0x1p-127)
  }

  @Test("every format of the catalogue: values per binade and zero make up the finite values")
  func sums() throws {
    for format in try FormatCatalog().formats {
      let facts = try FormatFacts(of: format)
      let zero = try ValueWalk(format.makeLadder()).contains(0) ? 1 : 0
      let sum = facts.valuesPerBinade.map { $0.positive + $0.negative }.reduce(zero, +)
      if let count = facts.countedFiniteValues { #expect(sum == count, "\(format.name)") }
    }
  }
}
