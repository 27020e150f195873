/// How formats are searched while a network is trained.
public enum SearchRule: String, Sendable, Hashable, CaseIterable {
  /// Two neighbours on the chain, mixed by a place that is a parameter.
  ///
  /// - Source: Yang and Jin, "FracBits: Mixed Precision Quantization via Fractional Bit-Widths", AAAI 2021; methods.md 2.4.
  case fracbits
  /// The same, but one of the two is drawn in each step, by a straight-through Gumbel-softmax of temperature 1.
  ///
  /// - Source: the ablation of FracBits; methods.md 2.4, without the cut of its gradient.
  case gumbel
  /// As `fracbits`, but the penalty presses towards fewer bits only, until the budget is met.
  ///
  /// - Source: after Nikolić et al., "BitPruning: Learning Bitwidths for Aggressive and Accurate Quantization", 2020.
  case bitpruning
  /// All formats of the chain, mixed by a Gumbel-softmax of parameters, whose temperature falls.
  ///
  /// - Source: after Wu et al., "Mixed Precision Quantization of ConvNets via Differentiable Neural Architecture Search", 2018 (DNAS);
  ///   methods.md 4.5.
  case dnas
  /// One format of the chain is drawn in each step, all alike; then an evolutionary search looks for the best choice within the budget, on
  /// training images.
  ///
  /// - Source: after Guo et al., "Single Path One-Shot Neural Architecture Search with Uniform Sampling", ECCV 2020 (US); methods.md 4.5.
  case us
  /// One grid, whose number of levels is learned through its step: log2(levels) is the place between two formats.
  ///
  /// - Source: after Uhlich et al., "Mixed Precision DNNs: All you need is a good parametrization", ICLR 2020 (DQ); methods.md 4.5.
  case dq
}
