import BinadeKernels
import BinadeQuantization

extension LayerEngine {
  /// Computes some images.
  ///
  /// - Shape: as ``run(_:imageCount:firstImage:into:scratch:appliesReLU:addend:)-(LayerInput,_,_,_,_,_,_)``.
  package func run(
    _ input: UnsafePointer<Float>,
    imageCount: Int = 1,
    firstImage: Int = 0,
    into output: UnsafeMutablePointer<Float>,
    scratch: LayerScratch,
    appliesReLU: Bool,
    addend: UnsafePointer<Float>? = nil
  ) {
    run(
      .values(input),
      imageCount: imageCount,
      firstImage: firstImage,
      into: .values(output),
      scratch: scratch,
      appliesReLU: appliesReLU,
      addend: addend
    )
  }

  /// Computes some images.
  ///
  /// `firstImage`: the number of the first image, for random words.
  /// `addend`: added before ReLU, such as the other side of a residual block.
  ///
  /// - Shape: `input` is imageCount x height x width x inputChannels, unpadded; `output` and `addend` imageCount x
  ///   pixels x outputChannels.
  /// - Precondition: codes only where ``requantizedInput`` takes them.
  package func run(
    _ input: LayerInput,
    imageCount: Int,
    firstImage: Int,
    into output: LayerOutput,
    scratch: LayerScratch,
    appliesReLU: Bool,
    addend: UnsafePointer<Float>?
  ) {
    let epilogue = appliesReLU ? rectified : plain
    let first = firstImage * shape.inputCount
    if case .coded(let convolution, let quantizer) = implementation {
      run(convolution, quantizer, input, imageCount, first, output, scratch, epilogue, addend)
      return
    }
    guard case .values(let values) = input, case .values(let results) = output else {
      preconditionFailure("codes for a layer on datapath \(datapath.rawValue), which takes and leaves values")
    }
    let elements = UnsafeBufferPointer(start: values, count: imageCount * shape.inputCount)
    switch implementation {
    case .coded: break
    case .plain(let convolution):
      convolution.convolve(values, imageCount: imageCount, epilogue: epilogue, addend: addend, into: results)
    case .exact(let convolution, let quantizer):
      encode(values, imageCount, first, quantizer, scratch) { codes in
        convolution.run(codes, imageCount: imageCount, epilogue: epilogue, addend: addend, into: results)
      } words: { codes in
        convolution.run(codes, imageCount: imageCount, epilogue: epilogue, addend: addend, into: results)
      }
    case .logarithmic(let convolution, let quantizer):
      encode(values, imageCount, first, quantizer, scratch) { codes in
        convolution.run(codes, imageCount: imageCount, epilogue: epilogue, addend: addend, into: results)
      } words: { codes in
        convolution.run(codes, imageCount: imageCount, epilogue: epilogue, addend: addend, into: results)
      }
    case .valued(let convolution, let quantizer, let unit):
      let rounded = scratch.values
      quantizer.round(elements, channels: shape.inputChannels, unit: unit, firstElement: first, into: rounded)
      convolution.convolve(rounded, imageCount: imageCount, epilogue: epilogue, addend: addend, into: results)
    case .real(let convolution, let quantizer):
      let rounded = scratch.values
      quantizer.fakeQuantize(elements, channels: shape.inputChannels, firstElement: first, into: rounded)
      convolution.convolve(rounded, imageCount: imageCount, epilogue: epilogue, addend: addend, into: results)
    case .accumulated(let convolution, let quantizer):
      let rounded = scratch.values
      quantizer.round(elements, channels: shape.inputChannels, unit: 1, firstElement: first, into: rounded)
      convolution.convolve(rounded, imageCount: imageCount, epilogue: epilogue, addend: addend, into: results)
    }
  }

  /// Computes some images on codes, from values or codes to values or codes.
  private func run(
    _ convolution: CodedConvolution,
    _ quantizer: Quantizer,
    _ input: LayerInput,
    _ imageCount: Int,
    _ first: Int,
    _ output: LayerOutput,
    _ scratch: LayerScratch,
    _ epilogue: Epilogue,
    _ addend: UnsafePointer<Float>?
  ) {
    let operands = scratch.operands
    func requantized(_ codes: UnsafeMutableRawPointer, _ next: Quantizer) -> RequantizedOutput {
      let scales = next.pixelScales(channels: shape.outputChannels)
      return RequantizedOutput(codes, codec: next.bulkCodec, scales: scales)
    }
    func runBytes(_ codes: UnsafePointer<UInt8>) {
      switch output {
      case .values(let results):
        convolution.run(
          codes,
          imageCount: imageCount,
          scratch: operands,
          epilogue: epilogue,
          addend: addend,
          into: results
        )
      case .codes(let results, let next):
        convolution.run(
          codes,
          imageCount: imageCount,
          scratch: operands,
          epilogue: epilogue,
          addend: addend,
          into: requantized(results, next)
        )
      }
    }
    func runWords(_ codes: UnsafePointer<UInt16>) {
      switch output {
      case .values(let results):
        convolution.run(
          codes,
          imageCount: imageCount,
          scratch: operands,
          epilogue: epilogue,
          addend: addend,
          into: results
        )
      case .codes(let results, let next):
        convolution.run(
          codes,
          imageCount: imageCount,
          scratch: operands,
          epilogue: epilogue,
          addend: addend,
          into: requantized(results, next)
        )
      }
    }
    switch input {
    case .codes(let codes) where quantizer.codec.info.bitWidth <= 8:
      runBytes(codes.assumingMemoryBound(to: UInt8.self))
    case .codes(let codes): runWords(codes.assumingMemoryBound(to: UInt16.self))
    case .values(let values):
      encode(values, imageCount, first, quantizer, scratch, bytes: runBytes, words: runWords)
    }
  }

  /// Encodes some images and hands over their codes, of one byte or of two as the format needs.
  private func encode(
    _ input: UnsafePointer<Float>,
    _ imageCount: Int,
    _ firstElement: Int,
    _ quantizer: Quantizer,
    _ scratch: LayerScratch,
    bytes: (UnsafePointer<UInt8>) -> Void,
    words: (UnsafePointer<UInt16>) -> Void
  ) {
    let values = UnsafeBufferPointer(start: input, count: imageCount * shape.inputCount)
    if quantizer.codec.info.bitWidth <= 8 {
      let codes = scratch.codes(as: UInt8.self)
      quantizer.encode(values, channels: shape.inputChannels, firstElement: firstElement, into: codes)
      bytes(codes)
    } else {
      let codes = scratch.codes(as: UInt16.self)
      quantizer.encode(values, channels: shape.inputChannels, firstElement: firstElement, into: codes)
      words(codes)
    }
  }
}
