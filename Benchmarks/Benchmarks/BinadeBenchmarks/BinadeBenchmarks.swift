import Benchmark
import Binade

/// Deterministic numbers between -4 and 4.
private func numbers(_ count: Int) -> [Float] {
  (0..<count).map { Float(($0 &* 7919) % 2003) / 250 - 4 }
}

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput],
    warmupIterations: 3,
    maxDuration: .seconds(2)
  )

  codecBenchmarks()
  kernelBenchmarks()
}

/// A million values into codes: a table, a table with search, the bits of float32.
private func codecBenchmarks() {
  let input = numbers(1 << 20)
  for name in ["int8", "float8_e4m3fn", "lns4.3", "float16", "tf32"] {
    Benchmark("encode 2^20 float32 to \(name)") { benchmark in
      let codec = try FormatCodec(FormatCatalog().format(named: name))
      var codes = [UInt32](repeating: 0, count: input.count)
      benchmark.startMeasurement()
      input.withUnsafeBufferPointer { source in
        codes.withUnsafeMutableBufferPointer { target in
          if let base = target.baseAddress { codec.encode(source, into: base) }
        }
      }
      benchmark.stopMeasurement()
      blackHole(codes)
    }
  }
}

/// One thread; the reference twin beside the kernels, on a size it can bear.
private func kernelBenchmarks() {
  let size = 256
  let floats = numbers(size * size)
  let integers = floats.map { Int16($0 * 20) }
  Benchmark("GEMM 256^3 float32") { _ in
    blackHole(GEMM.multiply(floats, floats, rows: size, depth: size, columns: size))
  }
  Benchmark("GEMM 256^3 int16") { _ in
    blackHole(GEMM.multiply(integers, integers, rows: size, depth: size, columns: size))
  }
  Benchmark("GEMM 256^3 float32 reference twin") { _ in
    blackHole(ReferenceGEMM.multiply(floats, floats, rows: size, depth: size, columns: size))
  }
  for (channels, pixels) in [(16, 32), (32, 16), (64, 8)] {
    let shape = ConvolutionShape(
      inputChannels: channels,
      inputHeight: pixels,
      inputWidth: pixels,
      outputChannels: channels,
      kernelHeight: 3,
      kernelWidth: 3,
      padding: 1
    )
    let weights = numbers(channels * channels * 9)
    let image = numbers(shape.paddedInputCount + ConvolutionShape.readAhead)
    let convolution = FloatConvolution(shape: shape, weights: weights, kernel: KernelTable.float32())
    Benchmark("convolution 3x3 \(channels) channels \(pixels)x\(pixels) float32, 64 images") { _ in
      var output = [Float](repeating: 0, count: shape.outputCount)
      for _ in 0..<64 { convolution.run(image, into: &output) }
      blackHole(output)
    }
  }
}
