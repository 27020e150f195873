import BinadeKernels
import Testing

@Suite struct ProcessorPeakTests {
  @Test("every instruction set that runs here does the multiply-adds it counts")
  func counts() {
    let portable = ProcessorPeak.runMultiplyAdds(rounds: 1000, features: .portable)
    #expect(portable == 1000 * 12 * 4)
    for (feature, lanes) in [(CPUFeatures.avx2, 8), (.avx512, 16), (.neon, 4)]
    where CPUFeatures.detected.contains(feature) {
      #expect(ProcessorPeak.runMultiplyAdds(rounds: 1000, features: feature) == 1000 * 12 * lanes)
    }
    #expect(ProcessorPeak.runMultiplyAdds(rounds: 0) == 0)
    #expect(
      ProcessorPeak.runMultiplyAdds(rounds: 1000, threads: 3, features: .portable) == 3 * portable
    )
  }

  @Test("the instruction set has a name")
  func names() {
    #expect(["portable", "neon"].contains(ProcessorPeak.instructionSet(.portable)))
    #expect(!ProcessorPeak.instructionSet().isEmpty)
  }
}
