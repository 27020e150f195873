// swift-tools-version: 6.2
import PackageDescription

// A package of its own: it is built with libFuzzer and the address sanitizer, which nobody else needs.
// `make fuzz` gives the flags; see README.md.
let package = Package(
  name: "BinadeFuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "Binade", path: "..")],
  targets: [
    // libFuzzer's entry point.
    .target(name: "CFuzzer"),
    .executableTarget(
      name: "binade-fuzz",
      dependencies: [
        "CFuzzer",
        .product(name: "Binade", package: "Binade"),
        .product(name: "BinadeCommands", package: "Binade"),
      ],
      swiftSettings: [.swiftLanguageMode(.v6)]
    ),
  ]
)
