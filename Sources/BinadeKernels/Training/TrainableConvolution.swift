import CBinadeKernels

/// What products of training take.
public enum ProductPrecision: String, Sendable, Hashable, CaseIterable {
  /// float32 operands, one fused multiply-add per product.
  case float32
  /// Operands and stored maps rounded to bfloat16, to nearest even; float32 sums, one fused multiply-add per product, subnormal operands,
  /// sums and results taken for 0: what VDPBF16PS computes, on every instruction set.
  case bfloat16
}

/// A convolution and its gradients; weights are packed anew for each step.
package struct TrainableConvolution: Sendable {
  /// The kernels of a layer.
  enum Route: Sendable {
    case float32(FloatMicroKernel)
    /// bfloat16 values on the float32 kernels: where channels have no pairs, or there is no instruction.
    case rounded(FloatMicroKernel, paired: PairedWeightGradient?)
    case bfloat16(BFloat16MicroKernel, paired: PairedWeightGradient)
  }

  /// The sizes of one image.
  package let shape: ConvolutionShape
  let route: Route
  let weightGradient: WeightGradient
  let features: CPUFeatures
  /// Pixels of zeros around the gradients of outputs.
  let rim: Int

  /// Chooses kernels for `shape`.
  package init(
    _ shape: ConvolutionShape,
    precision: ProductPrecision = .float32,
    features: CPUFeatures = .detected
  ) {
    self.shape = shape
    self.features = features
    let kernel = KernelTable.float32(for: features)
    weightGradient = WeightGradient(shape, features: kernel.features)
    rim = GradientPhase.phases(of: shape).map { $0.rim(shape) }.max() ?? 0
    // The same on every machine: pairs of channels in both directions, or none.
    let isPaired =
      shape.groups == 1 && shape.inputChannels.isMultiple(of: 2) && shape.outputChannels.isMultiple(of: 2)
    let paired = isPaired ? PairedWeightGradient(shape, features: kernel.features) : nil
    switch precision {
    case .float32: route = .float32(kernel)
    case .bfloat16:
      if let paired, let instruction = KernelTable.bfloat16(for: features) {
        route = .bfloat16(instruction, paired: paired)
      } else {
        route = .rounded(kernel.flushingSubnormals, paired: paired)
      }
    }
  }

  /// The kernel's name, for reports.
  package var kernelName: String {
    switch route {
    case .float32(let kernel): kernel.name
    case .rounded(let kernel, _): "\(kernel.name), bfloat16 operands"
    case .bfloat16(let kernel, _): kernel.name
    }
  }

  /// Weights.
  package var weightCount: Int { weightGradient.count }

  /// Images that must go together: gradients of weights may take them in pairs.
  package var groupMultiple: Int {
    switch route {
    case .float32: 1
    case .rounded, .bfloat16: 2
    }
  }

  /// Weights of one step.
  package struct Weights: Sendable {
    enum Packed: Sendable {
      case float(PackedConvolution<FloatMicroKernel>, DataGradient<FloatMicroKernel>.Panels?)
      case bfloat16(PackedConvolution<BFloat16MicroKernel>, DataGradient<BFloat16MicroKernel>.Panels?)
    }

    let packed: Packed
  }

  /// Packs weights for the forward product and, unless the inputs need no gradient, for theirs.
  ///
  /// - Shape: `weights` is outputChannels x channels per group x kernelHeight x kernelWidth.
  /// - Complexity: O(weights).
  package func pack(_ weights: UnsafePointer<Float>, needsDataGradient: Bool) -> Weights {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: weightCount) { ordered in
      guard let ordered = ordered.baseAddress else { preconditionFailure("a convolution without weights") }
      KernelOrder.outputsInnermost(weights, shape, into: ordered)
      switch route {
      case .float32(let kernel), .rounded(let kernel, _):
        if case .rounded = route { binade_round_bf16(features.rawValue, ordered, weightCount) }
        let forward = PackedConvolution(shape: shape, ordered: ordered, kernel: kernel)
        guard needsDataGradient else { return Weights(packed: .float(forward, nil)) }
        KernelOrder.inputsInnermost(weights, shape, into: ordered)
        if case .rounded = route { binade_round_bf16(features.rawValue, ordered, weightCount) }
        return Weights(packed: .float(forward, DataGradient(shape, kernel: kernel).pack(ordered)))
      case .bfloat16(let kernel, _):
        let forward = rounded(ordered) { PackedConvolution(shape: shape, ordered: $0, kernel: kernel) }
        guard needsDataGradient else { return Weights(packed: .bfloat16(forward, nil)) }
        KernelOrder.inputsInnermost(weights, shape, into: ordered)
        let panels = rounded(ordered) { DataGradient(shape, kernel: kernel).pack($0) }
        return Weights(packed: .bfloat16(forward, panels))
      }
    }
  }

  private func rounded<Result>(
    _ weights: UnsafeMutablePointer<Float>,
    _ body: (UnsafePointer<BFloat16>) -> Result
  ) -> Result {
    binade_round_bf16(features.rawValue, weights, weightCount)
    let operands = (0..<weightCount).map { BFloat16(upperHalfOf: weights[$0]) }
    return operands.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("a convolution without weights") }
      return body(base)
    }
  }
}
