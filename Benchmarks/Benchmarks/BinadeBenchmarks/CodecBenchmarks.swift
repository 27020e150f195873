import Benchmark
import Binade

/// A million values: a table, a table with search, the bits of float32.
func codecBenchmarks() {
  let input = benchmarkNumbers(1 << 20)
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
    Benchmark("round 2^20 float32 to \(name)") { benchmark in
      let codec = try FormatCodec(FormatCatalog().format(named: name))
      var rounded = input
      benchmark.startMeasurement()
      input.withUnsafeBufferPointer { source in
        rounded.withUnsafeMutableBufferPointer { target in
          if let base = target.baseAddress { codec.roundTrip(source, into: base) }
        }
      }
      benchmark.stopMeasurement()
      blackHole(rounded)
    }
  }
}
