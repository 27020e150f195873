// swift-tools-version: 6.2
import PackageDescription

// By URL, as packages elsewhere depend on Binade; by path where BINADE_URL is not set, as in Binade's repository.
// A package by path goes by the name of its folder unless `name:` says otherwise, and clones have any name.
let binade: Package.Dependency =
  Context.environment["BINADE_URL"].map { .package(url: $0, branch: "main") }
  ?? .package(name: "Binade", path: "../..")

let package = Package(
  name: "SinhFormat",
  platforms: [.macOS(.v15)],
  dependencies: [binade],
  targets: [
    .executableTarget(
      name: "binade-sinh",
      dependencies: [
        .product(name: "Binade", package: "Binade"),
        .product(name: "BinadeCommands", package: "Binade"),
      ]
    )
  ]
)
