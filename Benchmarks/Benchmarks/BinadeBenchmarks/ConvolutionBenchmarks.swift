import Benchmark
import Binade

/// The 3x3 shapes of ResNet-20 and three shapes of ResNet-50, one thread; images are padded in the run.
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
    let batch = 16
    let images = benchmarkNumbers(batch * shape.inputCount + ConvolutionShape.readAhead)
    let epilogue = Epilogue(
      scales: Array(repeating: 1, count: outputs),
      bias: benchmarkNumbers(outputs),
      appliesReLU: true
    )
    let float = FloatConvolution(shape: shape, weights: weights)
    Benchmark("convolution \(name) float32, \(batch) images") { benchmark in
      var output = [Float](repeating: 0, count: batch * shape.outputCount)
      benchmark.startMeasurement()
      float.convolve(images, imageCount: batch, epilogue: epilogue, into: &output)
      benchmark.stopMeasurement()
      blackHole(output)
    }
    let integerImages = images.map { Int16($0 * 20) }
    let integer = IntegerConvolution(shape: shape, weights: weights.map { Int16($0 * 20) })
    Benchmark("convolution \(name) int16, \(batch) images") { benchmark in
      var output = [Float](repeating: 0, count: batch * shape.outputCount)
      benchmark.startMeasurement()
      integer.convolve(integerImages, imageCount: batch, epilogue: epilogue, into: &output)
      benchmark.stopMeasurement()
      blackHole(output)
    }
  }
}
