import BinadeNumerics

/// Architectures by name.
public enum ArchitectureName {
  /// Returns the architecture called `resnet<depth>-cifar` or `resnet<depth>`.
  public static func resolve(
    _ name: String,
    widths: [Int] = [16, 32, 64],
    shortcut: ResNet.Shortcut = .a,
    input: ImageShape? = nil,
    classCount: Int? = nil,
    widthMultiplier: Double = 1
  ) throws(NetworkError) -> ResNet {
    let isCIFAR = name.hasSuffix("-cifar")
    let digits = name.dropFirst(6).dropLast(isCIFAR ? 6 : 0)
    guard name.hasPrefix("resnet"), digits.count <= 4, let depth = Int(digits),
      isCIFAR || ResNet.imageNetDepths.contains(depth)
    else {
      throw .unknownArchitecture(name: name, nearest: suggestion(for: name))
    }
    guard ResNet.widthMultipliers.contains(widthMultiplier) else {
      throw .invalidArchitecture(
        parameter: "widthMultiplier",
        found: "\(widthMultiplier)",
        allowed: "1/64 to 16"
      )
    }
    if isCIFAR {
      // Checked as Doubles: the product may lie beyond Int.
      let scaled = widths.map { (Double($0) * widthMultiplier).rounded() }
      guard scaled.allSatisfy({ ResNet.cifarWidths.contains($0) }) else {
        throw .invalidArchitecture(
          parameter: "widths",
          found: PrintableText.excerpt(widths) + (widthMultiplier == 1 ? "" : " times \(widthMultiplier)"),
          allowed: "1 to 4096"
        )
      }
      return try .cifar(
        depth: depth,
        widths: scaled.map { Int($0) },
        shortcut: shortcut,
        input: input ?? ImageShape(channels: 3, height: 32, width: 32),
        classCount: classCount ?? 10
      )
    }
    return try .imageNet(
      depth: depth,
      widthMultiplier: widthMultiplier,
      input: input ?? ImageShape(channels: 3, height: 224, width: 224),
      classCount: classCount ?? 1000
    )
  }
}
