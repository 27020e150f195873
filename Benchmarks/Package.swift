// swift-tools-version: 6.2
import PackageDescription

// A package of its own: users of Binade do not build the benchmark harness.
let package = Package(
  name: "BinadeBenchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "Binade", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "BinadeBenchmarks",
      dependencies: [
        .product(name: "Binade", package: "Binade"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/BinadeBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
    )
  ]
)
