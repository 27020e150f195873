import Benchmark
import Binade

/// Whole tensors on one thread, beside the twin they are compared with: closed forms, buckets, lines.
func bulkCodecBenchmarks() {
  let count = 1 << 20
  let input = (0..<count).map { Float(($0 &* 7919) % 2003) / 250 - 4 }
  let names = [
    "float8_e4m3fn", "float8_e5m2", "float6_e2m3fn", "float4_e2m1fn", "int8", "int4", "posit8", "takum8",
    "lns4.3", "nf4", "float16", "bfloat16", "q7.8", "posit16",
  ]
  for name in names {
    func measure(
      _ row: String,
      _ body: @escaping @Sendable (BulkCodec, inout [UInt16], inout [Float]) -> Void
    ) {
      Benchmark("\(row) 2^20 float32, \(name)") { benchmark in
        let codec = BulkCodec(try FormatCodec(FormatCatalog().format(named: name)))
        var (codes, output) = ([UInt16](repeating: 0, count: count), [Float](repeating: 0, count: count))
        body(codec, &codes, &output)
        benchmark.startMeasurement()
        body(codec, &codes, &output)
        benchmark.stopMeasurement()
        blackHole(codes)
        blackHole(output)
      }
    }
    measure("bulk encode") { codec, codes, _ in
      input.withUnsafeBufferPointer { source in
        codes.withUnsafeMutableBufferPointer { target in
          if let base = target.baseAddress { codec.encode(source, into: base) }
        }
      }
    }
    measure("bulk decode") { codec, codes, output in
      codes.withUnsafeBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
          if let base = target.baseAddress { codec.decode(source, into: base) }
        }
      }
    }
    measure("fake-quantize at a scale") { codec, _, output in
      input.withUnsafeBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
          if let base = target.baseAddress { codec.fakeQuantize(source, scales: .tensor(0.3), into: base) }
        }
      }
    }
    measure("fake-quantize twin") { codec, _, output in
      input.withUnsafeBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
          if let base = target.baseAddress { codec.codec.roundTrip(source, into: base) }
        }
      }
    }
  }
}
