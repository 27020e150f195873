// swift-tools-version: 6.2
import PackageDescription

// The arrows only go up this list: a target may depend on targets above it, never on one below.
// `Scripts/check-imports.py` holds the sources against it.

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6)]

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
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
  ],
  targets: [
    // C: headers of MPFR and GMP, of libjpeg-turbo and libpng; micro-kernels that need an instruction set of their own.
    .systemLibrary(
      name: "CMPFR",
      pkgConfig: "mpfr",
      providers: [.apt(["libmpfr-dev", "libgmp-dev"]), .brew(["mpfr", "gmp"])]
    ),
    .target(name: "CBinadeKernels"),
    .systemLibrary(
      name: "CTurboJPEG",
      pkgConfig: "libturbojpeg",
      providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]
    ),
    .systemLibrary(
      name: "CPNG",
      pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]
    ),

    // What a format is; the catalogue and its files.
    .target(name: "BinadeNumerics", swiftSettings: settings),
    .target(
      name: "BinadeFormatFiles",
      path: "formats",
      exclude: ["README.md", "REFERENCE.md"],
      resources: [.copy("definitions")],
      swiftSettings: settings
    ),
    .target(
      name: "BinadeFormats",
      dependencies: [
        "BinadeNumerics", "BinadeFormatFiles", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings
    ),

    // Storage; matrix multiplication and convolution.
    .target(name: "BinadeTensor", swiftSettings: settings),
    .target(
      name: "BinadeKernels",
      dependencies: ["BinadeNumerics", "CBinadeKernels"],
      swiftSettings: settings
    ),

    // Scales, calibration, error metrics.
    .target(
      name: "BinadeQuantization",
      dependencies: ["BinadeNumerics", "BinadeKernels"],
      swiftSettings: settings
    ),

    // Layers, networks, weights, data sets.
    .target(
      name: "BinadeModelFiles",
      path: "models",
      exclude: ["README.md"],
      resources: [.copy("mnist5k")],
      swiftSettings: settings
    ),
    .target(
      name: "BinadeNetworks",
      dependencies: [
        "BinadeQuantization", "BinadeKernels", "BinadeTensor", "BinadeNumerics",
      ],
      swiftSettings: settings
    ),

    // Folders of JPEG and PNG images.
    .target(
      name: "BinadeImages",
      dependencies: ["BinadeNetworks", "BinadeKernels", "BinadeNumerics", "CTurboJPEG", "CPNG"],
      swiftSettings: settings
    ),

    // Gradients, optimizers, data in batches; checkpoints.
    .target(
      name: "BinadeTraining",
      dependencies: [
        "BinadeNetworks", "BinadeFormats", "BinadeQuantization", "BinadeKernels", "BinadeTensor",
        "BinadeNumerics",
      ],
      swiftSettings: settings
    ),

    // Tables, plots and files for people to look at; pages about formats.
    .target(name: "BinadeOutput", dependencies: ["BinadeNumerics"], swiftSettings: settings),
    .target(
      name: "BinadeFormatPages",
      dependencies: ["BinadeOutput", "BinadeNumerics"],
      swiftSettings: settings
    ),

    // Accuracy, cost, Pareto front, reports.
    .target(
      name: "BinadeEvaluation",
      dependencies: [
        "BinadeTraining", "BinadeNetworks", "BinadeQuantization", "BinadeFormats", "BinadeKernels",
        "BinadeOutput", "BinadeNumerics",
      ],
      swiftSettings: settings
    ),

    // Many runs: what is asked for, what was found, whether it is more than chance.
    .target(
      name: "BinadeStudies",
      dependencies: [
        "BinadeTraining", "BinadeEvaluation", "BinadeOutput", "BinadeNetworks", "BinadeQuantization",
        "BinadeFormats", "BinadeKernels", "BinadeNumerics", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "SwiftCSV", package: "SwiftCSV"),
      ],
      swiftSettings: settings
    ),

    // The oracle and the checks that use it.
    .target(
      name: "BinadeVerification",
      dependencies: ["BinadeNumerics", "BinadeKernels", "CMPFR"],
      swiftSettings: settings
    ),

    .target(
      name: "Binade",
      dependencies: [
        "BinadeNumerics", "BinadeFormats", "BinadeTensor", "BinadeKernels", "BinadeQuantization",
        "BinadeNetworks", "BinadeImages", "BinadeTraining", "BinadeOutput", "BinadeFormatPages",
        "BinadeEvaluation", "BinadeStudies",
      ],
      swiftSettings: settings
    ),
    .target(
      name: "BinadeCommands",
      dependencies: [
        "Binade", "BinadeModelFiles", "BinadeVerification",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "binade-cli",
      dependencies: ["BinadeCommands"],
      swiftSettings: settings
    ),

    .testTarget(
      name: "BinadeNumericsTests",
      dependencies: ["BinadeNumerics", "BinadeFormats"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "BinadeFormatsTests",
      dependencies: ["BinadeFormats", "BinadeNumerics"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "BinadeKernelsTests",
      dependencies: ["BinadeKernels", "CBinadeKernels", "BinadeFormats", "BinadeNumerics"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "BinadeQuantizationTests",
      dependencies: ["BinadeQuantization", "BinadeKernels", "BinadeFormats", "BinadeNumerics"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "BinadeNetworksTests",
      dependencies: [
        "BinadeTensor", "BinadeNetworks", "BinadeQuantization", "BinadeKernels", "BinadeFormats",
        "BinadeNumerics",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "BinadeTrainingTests",
      dependencies: [
        "BinadeTraining", "BinadeNetworks", "BinadeQuantization", "BinadeFormats", "BinadeKernels",
        "BinadeNumerics",
      ],
      exclude: ["Recorded"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "BinadeImagesTests",
      dependencies: ["BinadeImages", "BinadeNetworks"],
      exclude: ["Recorded"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "BinadeEvaluationTests",
      dependencies: ["Binade", "BinadeModelFiles"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "BinadeStudiesTests",
      dependencies: [
        "BinadeStudies", "BinadeTraining", "BinadeModelFiles", "BinadeEvaluation", "BinadeNetworks",
        "BinadeFormats", "BinadeOutput",
        "BinadeNumerics",
      ],
      exclude: ["Recorded"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "BinadeVerificationTests",
      dependencies: ["BinadeVerification", "BinadeKernels", "BinadeFormats", "BinadeNumerics"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "BinadeCommandsTests",
      dependencies: ["BinadeCommands", "Binade"],
      swiftSettings: settings
    ),
  ]
)
