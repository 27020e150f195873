import BinadeNumerics

extension ArchitectureName {
  /// The names that help and completion show: all ImageNet depths, and the CIFAR depths of the paper.
  public static let examples =
    ResNet.imageNetDepths.map { "resnet\($0)" } + [8, 14, 20, 32, 44, 56, 110].map { "resnet\($0)-cifar" }

  /// What somebody who writes `resnet20`, `ResNet-50` or `cifar_resnet20` probably means; nil when nothing is near.
  static func suggestion(for name: String) -> String? {
    // A name of any length may come from a file.
    let letters = name.prefix(64).lowercased()
    let numbers = letters.split { !("0"..."9").contains($0) }.filter { $0.count <= 4 }.compactMap { Int($0) }
    let isCIFAR = letters.contains("cifar")
    if letters.contains("resnet") {
      // The 10 of "cifar10" is a depth of no network.
      for depth in numbers {
        if ResNet.imageNetDepths.contains(depth), !isCIFAR { return "resnet\(depth)" }
        if ResNet.isCIFARDepth(depth) { return "resnet\(depth)-cifar" }
      }
    }
    return NameSuggestion.nearest(to: letters, among: examples)
  }
}
