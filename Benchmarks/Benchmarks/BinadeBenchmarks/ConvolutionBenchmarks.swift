import Benchmark
import Binade

/// The 3x3 shapes of ResNet-20 and three shapes of ResNet-50, one thread; images padded before.
func convolutionBenchmarks() {
  let shapes = [
    (16, 32, 16, 3), (32, 16, 32, 3), (64, 8, 64, 3), (64, 56, 64, 3), (256, 14, 256, 3), (256, 56, 64, 1),
  ]
  for (channels, pixels, outputs, kernel) in shapes {
    let shape = ConvolutionShape(
      inputChannels: channels,
      inputHeight: pixels,
      inputWidth: pixels,
      outputChannels: outputs,
      kernelHeight: kernel,
      kernelWidth: kernel,
      padding: kernel / 2
    )
    let name = "\(kernel)x\(kernel) \(channels) to \(outputs) channels \(pixels)x\(pixels)"
    let weights = benchmarkNumbers(outputs * shape.depth)
    let image = benchmarkNumbers(shape.paddedInputCount + ConvolutionShape.readAhead)
    let float = FloatConvolution(shape: shape, weights: weights, kernel: KernelTable.float32())
    Benchmark("convolution \(name) float32, 16 images") { benchmark in
      var output = [Float](repeating: 0, count: shape.outputCount)
      benchmark.startMeasurement()
      for _ in 0..<16 { float.run(image, into: &output) }
      benchmark.stopMeasurement()
      blackHole(output)
    }
    let integerImage = image.map { Int16($0 * 20) }
    let integer = IntegerConvolution(
      shape: shape,
      weights: weights.map { Int16($0 * 20) },
      kernel: KernelTable.int16()
    )
    Benchmark("convolution \(name) int16, 16 images") { benchmark in
      var output = [Int32](repeating: 0, count: shape.outputCount)
      benchmark.startMeasurement()
      for _ in 0..<16 { integer.run(integerImage, into: &output) }
      benchmark.stopMeasurement()
      blackHole(output)
    }
  }
}
