// swift-tools-version: 6.2
import PackageDescription

// The arrows only go up this list: a target may depend on targets above it, never on one below.
// `Scripts/check-imports.py` holds the sources against it.

let release: [SwiftSetting] = [.swiftLanguageMode(.v6)]

let package = Package(
  name: "Binade",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Binade", targets: ["Binade"]),
    .library(name: "BinadeCommands", targets: ["BinadeCommands"]),
    .executable(name: "binade", targets: ["binade-cli"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // C: headers of MPFR and GMP; micro-kernels that need an instruction set of their own.
    .systemLibrary(
      name: "CMPFR",
      pkgConfig: "mpfr",
      providers: [.apt(["libmpfr-dev", "libgmp-dev"]), .brew(["mpfr", "gmp"])]
    ),
    .target(name: "CBinadeKernels"),

    // What a format is; the catalogue and its files.
    .target(name: "BinadeNumerics", swiftSettings: release),
    .target(
      name: "BinadeFormatFiles",
      path: "formats",
      exclude: ["README.md"],
      resources: [.copy("definitions")],
      swiftSettings: release
    ),
    .target(
      name: "BinadeFormats",
      dependencies: [
        "BinadeNumerics", "BinadeFormatFiles", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: release
    ),

    // Storage; matrix multiplication and convolution.
    .target(name: "BinadeTensor", dependencies: ["BinadeNumerics"], swiftSettings: release),
    .target(
      name: "BinadeKernels",
      dependencies: ["BinadeTensor", "BinadeNumerics", "CBinadeKernels"],
      swiftSettings: release
    ),

    // Scales, calibration, error metrics.
    .target(
      name: "BinadeQuantization",
      dependencies: ["BinadeKernels", "BinadeTensor", "BinadeNumerics"],
      swiftSettings: release
    ),

    // Layers, networks, weights, data sets.
    .target(
      name: "BinadeModelFiles",
      path: "models",
      exclude: ["README.md"],
      resources: [.copy("mnist5k")],
      swiftSettings: release
    ),
    .target(
      name: "BinadeNetworks",
      dependencies: [
        "BinadeQuantization", "BinadeKernels", "BinadeTensor", "BinadeNumerics",
      ],
      swiftSettings: release
    ),

    // Accuracy, cost, Pareto front, reports.
    .target(
      name: "BinadeEvaluation",
      dependencies: [
        "BinadeNetworks", "BinadeQuantization", "BinadeFormats", "BinadeKernels", "BinadeTensor",
        "BinadeNumerics",
      ],
      swiftSettings: release
    ),

    // The oracle and the checks that use it.
    .target(
      name: "BinadeVerification",
      dependencies: ["BinadeNumerics", "CMPFR"],
      swiftSettings: release
    ),

    .target(
      name: "Binade",
      dependencies: [
        "BinadeNumerics", "BinadeFormats", "BinadeTensor", "BinadeKernels", "BinadeQuantization",
        "BinadeNetworks", "BinadeEvaluation",
      ],
      swiftSettings: release
    ),
    .target(
      name: "BinadeCommands",
      dependencies: [
        "Binade", "BinadeModelFiles", "BinadeVerification",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: release
    ),
    .executableTarget(
      name: "binade-cli",
      dependencies: ["BinadeCommands"],
      swiftSettings: release
    ),

    .testTarget(
      name: "BinadeNumericsTests",
      dependencies: ["BinadeNumerics", "BinadeFormats"],
      swiftSettings: release
    ),
    .testTarget(
      name: "BinadeFormatsTests",
      dependencies: ["BinadeFormats", "BinadeNumerics"],
      swiftSettings: release
    ),
    .testTarget(
      name: "BinadeKernelsTests",
      dependencies: ["BinadeKernels", "BinadeTensor", "BinadeNumerics"],
      swiftSettings: release
    ),
    .testTarget(
      name: "BinadeQuantizationTests",
      dependencies: ["BinadeQuantization", "BinadeFormats"],
      swiftSettings: release
    ),
    .testTarget(
      name: "BinadeNetworksTests",
      dependencies: ["BinadeNetworks", "BinadeFormats"],
      swiftSettings: release
    ),
    .testTarget(
      name: "BinadeEvaluationTests",
      dependencies: ["Binade", "BinadeModelFiles"],
      swiftSettings: release
    ),
    .testTarget(
      name: "BinadeVerificationTests",
      dependencies: ["BinadeVerification", "BinadeFormats", "BinadeNumerics"],
      swiftSettings: release
    ),
    .testTarget(
      name: "BinadeCommandsTests",
      dependencies: ["BinadeCommands"],
      swiftSettings: release
    ),
  ]
)
