import BinadeNumerics

/// The architecture of a residual network.
///
/// - Source: He et al., Deep Residual Learning for Image Recognition, CVPR 2016.
public struct ResNet: Architecture, Hashable {
  /// How a block whose shape changes passes its input on.
  public enum Shortcut: String, Sendable, Hashable, CaseIterable {
    /// Subsampled, with zero channels added: no weights.
    case a = "A"
    /// A 1 x 1 convolution and batch norm.
    case b = "B"
  }

  private enum Family: Sendable, Hashable {
    case cifar(shortcut: Shortcut)
    case imageNet(bottleneck: Bool)
  }

  private let family: Family
  /// Blocks per stage.
  private let blocks: [Int]
  /// Channels of the 3 x 3 convolutions per stage.
  private let widths: [Int]
  /// Layers with weights on the longest path.
  public let depth: Int
  /// What the network takes.
  public let input: ImageShape
  /// What it tells apart.
  public let classCount: Int

  /// Channels that a stage of the small family can have.
  static let cifarWidths = 1.0...4096

  /// The depths of the ImageNet family.
  public static let imageNetDepths = [18, 29, 34, 50, 101, 152, 200]

  /// Whether networks for small images have this depth: 6n + 2.
  static func isCIFARDepth(_ depth: Int) -> Bool { (8...1202).contains(depth) && depth % 6 == 2 }

  /// The family for small images: 3 stages of n blocks, depth 6n + 2.
  ///
  /// `widths`: channels of the three stages; a width multiplier scales them.
  public static func cifar(
    depth: Int,
    widths: [Int] = [16, 32, 64],
    shortcut: Shortcut = .a,
    input: ImageShape = ImageShape(channels: 3, height: 32, width: 32),
    classCount: Int = 10
  ) throws(NetworkError) -> ResNet {
    guard isCIFARDepth(depth) else {
      throw .invalidArchitecture(
        parameter: "depth",
        found: "\(depth)",
        allowed: "6n + 2: 8, 14, 20, 32, 44, 56, 110 ..."
      )
    }
    guard widths.count == 3, widths.allSatisfy({ (1...4096).contains($0) }),
      shortcut == .b || zip(widths, widths.dropFirst()).allSatisfy({ $1 >= $0 && ($1 - $0) % 2 == 0 })
    else {
      throw .invalidArchitecture(
        parameter: "widths",
        found: PrintableText.excerpt(widths),
        allowed: "three numbers from 1 to 4096, for shortcut A growing by even numbers"
      )
    }
    try ArchitectureOptions.check(input, classCount)
    return ResNet(
      family: .cifar(shortcut: shortcut),
      blocks: Array(repeating: (depth - 2) / 6, count: 3),
      widths: widths,
      depth: depth,
      input: input,
      classCount: classCount
    )
  }

  /// The family for ImageNet: stem 7 x 7 / 2 and 3 x 3 / 2 max pool, 4 stages, stride on the 3 x 3 convolution.
  ///
  /// `widthMultiplier`: scales the stages, not the stem, as AQT's networks do.
  public static func imageNet(
    depth: Int,
    widthMultiplier: Double = 1,
    input: ImageShape = ImageShape(channels: 3, height: 224, width: 224),
    classCount: Int = 1000
  ) throws(NetworkError) -> ResNet {
    let stages: [Int: [Int]] = [
      18: [2, 2, 2, 2], 29: [2, 2, 3, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3],
      152: [3, 8, 36, 3], 200: [3, 24, 36, 3],
    ]
    guard let blocks = stages[depth] else {
      throw .invalidArchitecture(
        parameter: "depth",
        found: "\(depth)",
        allowed: imageNetDepths.map(String.init).joined(separator: ", ")
      )
    }
    try ArchitectureOptions.check(widthMultiplier: widthMultiplier)
    try ArchitectureOptions.check(input, classCount)
    return ResNet(
      family: .imageNet(bottleneck: depth != 18 && depth != 34),
      blocks: blocks,
      widths: (0..<4).map { Int(64 * widthMultiplier * Double(1 << $0)) },
      depth: depth,
      input: input,
      classCount: classCount
    )
  }

  /// `resnet20-cifar`, `resnet50`.
  public var name: String {
    switch family {
    case .cifar: "resnet\(depth)-cifar"
    case .imageNet: "resnet\(depth)"
    }
  }

  /// What weight files say of it.
  public var metadata: [String: String] {
    switch family {
    case .cifar(let shortcut):
      [
        "architecture": name, "widths": widths.map(String.init).joined(separator: ","),
        "shortcut": shortcut.rawValue, "inputChannels": "\(input.channels)",
      ]
    case .imageNet: ["architecture": name, "inputChannels": "\(input.channels)"]
    }
  }

  /// The network as a graph.
  public var graph: NetworkGraph {
    switch family {
    case .cifar(let shortcut): cifarGraph(shortcut)
    case .imageNet(let bottleneck): imageNetGraph(bottleneck: bottleneck)
    }
  }

  private func cifarGraph(_ shortcut: Shortcut) -> NetworkGraph {
    var builder = ResNetBuilder(graph: NetworkGraph(input: input))
    var last = builder.convolution(
      "conv1",
      norm: "bn1",
      from: 0,
      channels: widths[0],
      kernel: 3,
      stride: 1,
      relu: true
    )
    for stage in 0..<3 {
      for block in 0..<blocks[stage] {
        last = builder.basicBlock(
          "layer\(stage + 1).\(block)",
          from: last,
          channels: widths[stage],
          stride: stage > 0 && block == 0 ? 2 : 1,
          shortcut: shortcut,
          shortcutName: "shortcut"
        )
      }
    }
    return builder.finish(from: last, classifier: "linear", classCount: classCount)
  }

  private func imageNetGraph(bottleneck: Bool) -> NetworkGraph {
    var builder = ResNetBuilder(graph: NetworkGraph(input: input))
    var last = builder.convolution(
      "conv1",
      norm: "bn1",
      from: 0,
      channels: 64,
      kernel: 7,
      stride: 2,
      relu: true
    )
    last = builder.graph.append(
      "maxpool",
      .unweighted(MaxPool(window: 3, stride: 2, padding: 1)),
      inputs: [last]
    )
    for stage in 0..<4 {
      for block in 0..<blocks[stage] {
        let name = "layer\(stage + 1).\(block)"
        let stride = stage > 0 && block == 0 ? 2 : 1
        last =
          bottleneck
          ? builder.bottleneckBlock(name, from: last, channels: widths[stage], stride: stride)
          : builder.basicBlock(
            name,
            from: last,
            channels: widths[stage],
            stride: stride,
            shortcut: .b,
            shortcutName: "downsample"
          )
      }
    }
    return builder.finish(from: last, classifier: "fc", classCount: classCount)
  }
}

/// Appends the pieces of a residual network to a graph.
private struct ResNetBuilder {
  var graph: NetworkGraph

  mutating func convolution(
    _ name: String,
    norm: String,
    from node: Int,
    channels: Int,
    kernel: Int,
    stride: Int,
    relu: Bool
  ) -> Int {
    var last = graph.append(
      name,
      .convolution(
        outputChannels: channels,
        kernel: kernel,
        stride: stride,
        padding: (kernel - 1) / 2
      ),
      inputs: [node]
    )
    last = graph.append(norm, .batchNormalization, inputs: [last])
    return relu ? graph.append(norm + ".relu", .relu, inputs: [last]) : last
  }

  mutating func basicBlock(
    _ name: String,
    from node: Int,
    channels: Int,
    stride: Int,
    shortcut: ResNet.Shortcut,
    shortcutName: String
  ) -> Int {
    var last = convolution(
      "\(name).conv1",
      norm: "\(name).bn1",
      from: node,
      channels: channels,
      kernel: 3,
      stride: stride,
      relu: true
    )
    last = convolution(
      "\(name).conv2",
      norm: "\(name).bn2",
      from: last,
      channels: channels,
      kernel: 3,
      stride: 1,
      relu: false
    )
    return join(
      name,
      last,
      with: node,
      channels: channels,
      stride: stride,
      shortcut: shortcut,
      shortcutName: shortcutName
    )
  }

  mutating func bottleneckBlock(_ name: String, from node: Int, channels: Int, stride: Int) -> Int {
    var last = convolution(
      "\(name).conv1",
      norm: "\(name).bn1",
      from: node,
      channels: channels,
      kernel: 1,
      stride: 1,
      relu: true
    )
    last = convolution(
      "\(name).conv2",
      norm: "\(name).bn2",
      from: last,
      channels: channels,
      kernel: 3,
      stride: stride,
      relu: true
    )
    last = convolution(
      "\(name).conv3",
      norm: "\(name).bn3",
      from: last,
      channels: 4 * channels,
      kernel: 1,
      stride: 1,
      relu: false
    )
    return join(
      name,
      last,
      with: node,
      channels: 4 * channels,
      stride: stride,
      shortcut: .b,
      shortcutName: "downsample"
    )
  }

  /// Adds the shortcut and applies ReLU.
  private mutating func join(
    _ name: String,
    _ residual: Int,
    with node: Int,
    channels: Int,
    stride: Int,
    shortcut: ResNet.Shortcut,
    shortcutName: String
  ) -> Int {
    var identity = node
    if stride != 1 || graph.nodes[node].shape.channels != channels {
      switch shortcut {
      case .a:
        identity = graph.append(
          "\(name).\(shortcutName)",
          .unweighted(PaddedShortcut(stride: stride, outputChannels: channels)),
          inputs: [node]
        )
      case .b:
        identity = convolution(
          "\(name).\(shortcutName).0",
          norm: "\(name).\(shortcutName).1",
          from: node,
          channels: channels,
          kernel: 1,
          stride: stride,
          relu: false
        )
      }
    }
    let sum = graph.append("\(name).add", .add, inputs: [residual, identity])
    return graph.append("\(name).relu", .relu, inputs: [sum])
  }

  mutating func finish(from node: Int, classifier: String, classCount: Int) -> NetworkGraph {
    let pooled = graph.append("avgpool", .unweighted(GlobalAveragePool()), inputs: [node])
    _ = graph.append(classifier, .linear(outputCount: classCount), inputs: [pooled])
    return graph
  }
}
