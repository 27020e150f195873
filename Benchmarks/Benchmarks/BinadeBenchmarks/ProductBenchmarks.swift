import Benchmark
import Binade

/// One thread; the reference twin beside the kernels, on a size it can bear.
func productBenchmarks() {
  for size in [256, 1024] {
    let floats = benchmarkNumbers(size * size)
    let integers = floats.map { Int16($0 * 20) }
    Benchmark("GEMM \(size)^3 float32") { _ in
      blackHole(GEMM.multiply(floats, floats, rows: size, depth: size, columns: size))
    }
    Benchmark("GEMM \(size)^3 int16") { _ in
      blackHole(GEMM.multiply(integers, integers, rows: size, depth: size, columns: size))
    }
  }
  let size = 256
  let floats = benchmarkNumbers(size * size)
  Benchmark("GEMM \(size)^3 float32 reference twin") { _ in
    blackHole(ReferenceGEMM.multiply(floats, floats, rows: size, depth: size, columns: size))
  }
}
