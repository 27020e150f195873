/// The outputs of a convolution of codes that NaN and infinite operands make NaN or infinite.
///
/// For datapaths whose operands have neither. A float32 convolution of what matters, ±1, 0, infinities and NaN, finds
/// them; images and weights without special codes cost a look at the codes.
struct SpecialOutputs: Sendable {
  /// An output that is not finite, after the epilogue.
  typealias Output = (place: Int, value: Float)

  private let shape: ConvolutionShape
  private let convolution: FloatConvolution
  /// By code.
  private let factors: [Float]
  private let weightsAreSpecial: Bool

  /// Looks at all values of the activations, by code, and at the weights; nil when none is special.
  init?(shape: ConvolutionShape, activations: [Float], weights: [Float], features: CPUFeatures) {
    weightsAreSpecial = weights.contains { !$0.isFinite }
    guard weightsAreSpecial || activations.contains(where: { !$0.isFinite }) else { return nil }
    self.shape = shape
    factors = activations.map(Self.factor)
    convolution = FloatConvolution(
      shape: shape,
      weights: weights.map(Self.factor),
      kernel: KernelTable.float32(for: features)
    )
  }

  private static func factor(_ value: Float) -> Float {
    !value.isFinite || value == 0 ? value : value < 0 ? -1 : 1
  }

  /// Finds the outputs of some images; to be called before the output is written, which `addend` may share.
  ///
  /// - Shape: as ``CodedConvolution/run(_:imageCount:scratch:epilogue:addend:into:)-(UnsafePointer<UInt8>,_,_,_,_,_)``.
  @inline(__always)
  func find<Code: FixedWidthInteger>(
    _ images: UnsafePointer<Code>,
    imageCount: Int,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>?
  ) -> [Output] {
    let codes = UnsafeBufferPointer(start: images, count: imageCount * shape.inputCount)
    let isSpecial =
      weightsAreSpecial
      || factors.withUnsafeBufferPointer { factors in
        codes.contains { !factors[Int($0)].isFinite }
      }
    guard isSpecial else { return [] }
    let values = codes.map { factors[Int($0)] } + [Float](repeating: 0, count: ConvolutionShape.readAhead)
    return outputs(of: values, imageCount: imageCount, epilogue: epilogue, addend: addend)
  }

  private func outputs(
    of values: [Float],
    imageCount: Int,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>?
  ) -> [Output] {
    let channels = shape.outputChannels
    var sums = [Float](repeating: 0, count: imageCount * shape.outputCount)
    convolution.convolve(values, imageCount: imageCount, epilogue: .identity(channels: channels), into: &sums)
    return sums.indices.lazy.filter { !sums[$0].isFinite }.map { place in
      let channel = place % channels
      let scaled = sums[place] * epilogue.scales[channel] + epilogue.bias[channel]
      let value = addend.map { scaled + $0[place] } ?? scaled
      return (place, epilogue.appliesReLU && value < 0 ? 0 : value)
    }
  }
}
