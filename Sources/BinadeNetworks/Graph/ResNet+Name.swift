import BinadeNumerics

extension ResNet {
  /// `resnet<depth>-cifar` or `resnet<depth>`.
  public static func named(_ name: String, _ options: ArchitectureOptions) throws(NetworkError) -> ResNet? {
    let isCIFAR = name.hasSuffix("-cifar")
    let digits = name.dropFirst(6).dropLast(isCIFAR ? 6 : 0)
    guard name.hasPrefix("resnet"), digits.count <= 4, let depth = Int(digits),
      isCIFAR || imageNetDepths.contains(depth)
    else { return nil }
    try ArchitectureOptions.check(widthMultiplier: options.widthMultiplier)
    guard isCIFAR else {
      return try .imageNet(
        depth: depth,
        widthMultiplier: options.widthMultiplier,
        input: options.input ?? ImageShape(channels: 3, height: 224, width: 224),
        classCount: options.classCount ?? 1000
      )
    }
    // Checked as Doubles: the product may lie beyond Int.
    let factor = options.widthMultiplier
    let scaled = options.widths.map { (Double($0) * factor).rounded() }
    guard scaled.allSatisfy({ cifarWidths.contains($0) }) else {
      throw .invalidArchitecture(
        parameter: "widths",
        found: PrintableText.excerpt(options.widths) + (factor == 1 ? "" : " times \(factor)"),
        allowed: "1 to 4096"
      )
    }
    return try .cifar(
      depth: depth,
      widths: scaled.map { Int($0) },
      shortcut: options.shortcut,
      input: options.input ?? ImageShape(channels: 3, height: 32, width: 32),
      classCount: options.classCount ?? 10
    )
  }

  /// All ImageNet depths, and the CIFAR depths of the paper.
  public static var examples: [String] {
    imageNetDepths.map { "resnet\($0)" } + [8, 14, 20, 32, 44, 56, 110].map { "resnet\($0)-cifar" }
  }

  /// What `resnet20`, `ResNet-50` and `cifar_resnet20` mean.
  public static func suggestion(for letters: String, numbers: [Int]) -> String? {
    guard letters.contains("resnet") else { return nil }
    let isCIFAR = letters.contains("cifar")
    // The 10 of "cifar10" is a depth of no network.
    for depth in numbers {
      if imageNetDepths.contains(depth), !isCIFAR { return "resnet\(depth)" }
      if isCIFARDepth(depth) { return "resnet\(depth)-cifar" }
    }
    return nil
  }
}
