/// A convolution of coded images with coded weights without any rounding but the last: every sum is exact, and rounded
/// once to float32.
///
/// As in ``ExactProduct``, operands become limbs: integers of up to 15 bits whose products are summed in int32. For every
/// weight of the limbs there is one integer convolution, with the pairs of limbs side by side as channels.
///
/// - Error: none; each sum is rounded once, to the nearest float32. Then the roundings of the epilogue.
/// - Special values: NaN, infinity times zero (the rim included) and infinities of both signs make a NaN; one infinity
///   makes that infinity. A sum of zero is +0.
/// - Source: as ``ExactProduct``.
package struct ExactConvolution: Sendable {
  /// The limb pairs of one weight.
  private struct Part: Sendable {
    let shift: Int
    /// Per pair, the limbs of the activations by code.
    let tables: [[Int16]]
    let convolution: PackedConvolution<Int16MicroKernel>
  }

  /// The sizes of one image.
  package let shape: ConvolutionShape
  /// Products of 16-bit integers per product of values.
  package let limbProductCount: Int
  private let parts: [Part]
  private let rounding: ExactRounding
  /// Whether sums fit int64.
  private let isShort: Bool
  private let specials: SpecialOutputs?

  /// Splits and packs weights; nil when values span more bits than limbs hold.
  ///
  /// `activations`, `weights`: the value of every code, not scaled. Any code may occur in images; of the weights' codes
  /// only those of `weightCodes` count.
  ///
  /// - Shape: `weightCodes` is outputChannels x channels per group x kernelHeight x kernelWidth.
  /// - Precondition: codes are below the counts of values, which are at most 2^16.
  package init?(
    shape: ConvolutionShape,
    activations: [Float],
    weights: [Float],
    weightCodes: [UInt32],
    features: CPUFeatures = .detected
  ) {
    precondition(
      max(activations.count, weights.count) <= 1 << 16,
      "formats of \(activations.count) and \(weights.count) codes have no tables of limbs"
    )
    guard let left = ExactOperand(activations, codes: Set(0..<UInt32(activations.count))),
      let right = ExactOperand(weights, codes: Set(weightCodes)),
      let plan = LimbPlan(left, right, depth: shape.depth, isWhole: true)
    else { return nil }
    self.shape = shape
    limbProductCount = plan.pairCount
    rounding = ExactRounding(exponent: plan.exponent)
    isShort = plan.sumBitCount <= 64
    parts = plan.weights.map { weight in
      Part(
        shift: weight.shift,
        tables: weight.pairs.map { plan.left[$0.left] },
        convolution: PackedConvolution(
          shape: shape.repeatingChannels(weight.pairs.count),
          weights: Self.limbs(weightCodes, shape, weight.pairs.map { plan.right[$0.right] }),
          kernel: KernelTable.int16(for: features)
        )
      )
    }
    specials = SpecialOutputs(
      shape: shape,
      activations: activations,
      weights: weightCodes.map { weights[Int($0)] },
      features: features
    )
  }

  /// The limbs of the weights: within a group, the channels of one pair after those of another.
  private static func limbs(_ codes: [UInt32], _ shape: ConvolutionShape, _ tables: [[Int16]]) -> [Int16] {
    (0..<shape.outputChannels).flatMap { channel in
      let kernel = codes[channel * shape.depth..<(channel + 1) * shape.depth]
      return tables.flatMap { table in kernel.map { table[Int($0)] } }
    }
  }

  /// The kernel's name, for reports.
  package var kernelName: String {
    let name = parts.first?.convolution.kernelName ?? "no products"
    return "\(name), limb products: \(limbProductCount)"
  }

  /// Computes all output channels of some images of codes of up to 8 bits.
  ///
  /// - Shape: `images` is imageCount x inputHeight x inputWidth x inputChannels; `output` and `addend` are imageCount x
  ///   outputHeight x outputWidth x outputChannels.
  /// - Complexity: O(``ConvolutionShape/multiplyAccumulateCount``) times ``limbProductCount``; one buffer of limbs and one
  ///   of sums for a few images.
  package func run(
    _ images: UnsafePointer<UInt8>,
    imageCount: Int = 1,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>? = nil,
    into output: UnsafeMutablePointer<Float>
  ) {
    runCodes(images, imageCount, epilogue, addend, output)
  }

  /// Computes all output channels of some images of codes of 9 to 16 bits.
  ///
  /// - Shape: as for codes of up to 8 bits.
  package func run(
    _ images: UnsafePointer<UInt16>,
    imageCount: Int = 1,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>? = nil,
    into output: UnsafeMutablePointer<Float>
  ) {
    runCodes(images, imageCount, epilogue, addend, output)
  }

  @inline(__always)
  private func runCodes<Code: FixedWidthInteger>(
    _ images: UnsafePointer<Code>,
    _ imageCount: Int,
    _ epilogue: Epilogue,
    _ addend: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let outputs =
      specials?.find(images, imageCount: imageCount, epilogue: epilogue, addend: addend) ?? []
    // Small images go together: their pixels fill whole tiles.
    let group = max(1, 192 / shape.outputPixelCount)
    for first in stride(from: 0, to: imageCount, by: group) {
      let count = min(group, imageCount - first)
      let (source, place) = (images + first * shape.inputCount, first * shape.outputCount)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count * shape.outputCount) { sums in
        guard let sums = sums.baseAddress else { return }
        if isShort {
          accumulate(source, count, of: Int64.self) { sums[$0] = rounding.float($1) }
        } else {
          accumulate(source, count, of: Int128.self) { sums[$0] = rounding.float($1) }
        }
        epilogue.apply(
          sums,
          rowStride: shape.outputChannels,
          rowCount: count * shape.outputPixelCount,
          addend: addend.map { $0 + place },
          into: output + place
        )
      }
    }
    for (place, value) in outputs { output[place] = value }
  }

  /// Computes the sums of all weights and hands over each with its place.
  @inline(__always)
  private func accumulate<Code: FixedWidthInteger, Sum: FixedWidthInteger & SignedInteger & BitwiseCopyable>(
    _ images: UnsafePointer<Code>,
    _ imageCount: Int,
    of type: Sum.Type,
    finish: (Int, Sum) -> Void
  ) {
    let count = imageCount * shape.outputCount
    withUnsafeTemporaryAllocation(of: Sum.self, capacity: count) { totals in
      guard let totals = totals.baseAddress else { return }
      totals.initialize(repeating: 0, count: count)
      for part in parts {
        let shift = Sum(truncatingIfNeeded: part.shift)
        run(part, images, imageCount) { rows, sums, rowStride in
          for (index, row) in rows.enumerated() {
            let (source, target) = (sums + index * rowStride, totals + row * shape.outputChannels)
            for channel in 0..<shape.outputChannels {
              target[channel] &+= Sum(truncatingIfNeeded: source[channel]) &<< shift
            }
          }
        }
      }
      for place in 0..<count { finish(place, totals[place]) }
    }
  }

  /// Lays out the limbs of the images within their rims and convolves them.
  @inline(__always)
  private func run<Code: FixedWidthInteger>(
    _ part: Part,
    _ images: UnsafePointer<Code>,
    _ imageCount: Int,
    finish: (Range<Int>, UnsafePointer<Int32>, Int) -> Void
  ) {
    let wide = part.convolution.shape
    let capacity = imageCount * wide.paddedInputCount + ConvolutionShape.readAhead
    withUnsafeTemporaryAllocation(of: Int16.self, capacity: capacity) { limbs in
      guard let padded = limbs.baseAddress else { return }
      padded.initialize(repeating: 0, count: capacity)
      let rim = shape.padding * wide.inputChannels
      let paddedLine = wide.paddedWidth * wide.inputChannels
      for image in 0..<imageCount {
        for y in 0..<shape.inputHeight {
          let line = (image * wide.paddedHeight + y + shape.padding) * paddedLine + rim
          let source = images + (image * shape.inputHeight + y) * shape.inputWidth * shape.inputChannels
          look(up: source, in: part.tables, into: padded + line)
        }
      }
      part.convolution.run(
        padded,
        imageCount: imageCount,
        threads: 1,
        finish: { rows, sums, rowStride, _ in finish(rows, sums, rowStride) }
      )
    }
  }

  /// Writes the limbs of one line of pixels.
  @inline(__always)
  private func look<Code: FixedWidthInteger>(
    up codes: UnsafePointer<Code>,
    in tables: [[Int16]],
    into limbs: UnsafeMutablePointer<Int16>
  ) {
    // Groups of channels, pixel after pixel.
    let length = shape.groupInputChannels
    let groupCount = shape.inputWidth * shape.groups
    for (place, table) in tables.enumerated() {
      table.withUnsafeBufferPointer { table in
        for group in 0..<groupCount {
          let target = limbs + (group * tables.count + place) * length
          for channel in 0..<length { target[channel] = table[Int(codes[group * length + channel])] }
        }
      }
    }
  }
}

extension ConvolutionShape {
  /// The shape with `count` times the input channels.
  fileprivate func repeatingChannels(_ count: Int) -> ConvolutionShape {
    ConvolutionShape(
      inputChannels: count * inputChannels,
      inputHeight: inputHeight,
      inputWidth: inputWidth,
      outputChannels: outputChannels,
      kernelHeight: kernelHeight,
      kernelWidth: kernelWidth,
      stride: stride,
      padding: padding,
      groups: groups
    )
  }
}
