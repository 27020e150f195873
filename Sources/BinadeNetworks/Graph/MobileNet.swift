/// Networks of depthwise and 1 x 1 convolutions.
///
/// Parameters have the names of torchvision's `mobilenet_v2` and of timm's `mobilenetv1_100`.
///
/// - Source: Howard et al., MobileNets, 2017 (arXiv 1704.04861); Sandler et al., MobileNetV2: Inverted Residuals and Linear
///   Bottlenecks, CVPR 2018.
public struct MobileNet: Architecture, Hashable {
  /// Which of the papers.
  public enum Version: Int, Sendable, Hashable, CaseIterable {
    case v1 = 1
    case v2
  }

  /// Which of the papers.
  public let version: Version
  /// What channels are multiplied by, to the nearest multiple of 8.
  public let widthMultiplier: Double
  /// What the network takes.
  public let input: ImageShape
  /// What it tells apart.
  public let classCount: Int

  /// A network.
  ///
  /// Throws ``NetworkError`` for a multiplier, images or classes that it cannot have.
  public init(
    _ version: Version,
    widthMultiplier: Double = 1,
    input: ImageShape = ImageShape(channels: 3, height: 224, width: 224),
    classCount: Int = 1000
  ) throws(NetworkError) {
    try ArchitectureOptions.check(widthMultiplier: widthMultiplier)
    try ArchitectureOptions.check(input, classCount)
    (self.version, self.widthMultiplier, self.input, self.classCount) = (
      version, widthMultiplier, input, classCount
    )
  }

  /// `mobilenetv1`, `mobilenetv2`.
  public var name: String { "mobilenetv\(version.rawValue)" }

  /// What weight files say of it.
  public var metadata: [String: String] {
    ["architecture": name, "inputChannels": "\(input.channels)", "widthMultiplier": "\(widthMultiplier)"]
  }

  /// `mobilenetv1` or `mobilenetv2`.
  public static func named(_ name: String, _ options: ArchitectureOptions) throws(NetworkError) -> MobileNet?
  {
    guard let version = Version.allCases.first(where: { "mobilenetv\($0.rawValue)" == name }) else {
      return nil
    }
    return try MobileNet(
      version,
      widthMultiplier: options.widthMultiplier,
      input: options.input ?? ImageShape(channels: 3, height: 224, width: 224),
      classCount: options.classCount ?? 1000
    )
  }

  /// Both.
  public static var examples: [String] { Version.allCases.map { "mobilenetv\($0.rawValue)" } }

  /// What `MobileNet-V2` and `mobilenet_v1` mean.
  public static func suggestion(for letters: String, numbers: [Int]) -> String? {
    guard letters.contains("mobilenet"),
      let version = numbers.lazy.compactMap({ Version(rawValue: $0) }).first
    else { return nil }
    return "mobilenetv\(version.rawValue)"
  }

  /// The network as a graph.
  public var graph: NetworkGraph {
    switch version {
    case .v1: graphV1
    case .v2: graphV2
    }
  }

  /// Channels times the multiplier, to the nearest multiple of 8, never less than nine tenths of it.
  private func channels(_ count: Int) -> Int {
    let wanted = Double(count) * widthMultiplier
    let rounded = max(8, Int(wanted + 4) / 8 * 8)
    return Double(rounded) < 0.9 * wanted ? rounded + 8 : rounded
  }

  private var graphV1: NetworkGraph {
    var builder = MobileNetBuilder(graph: NetworkGraph(input: input))
    var last = builder.convolution(
      "conv_stem",
      norm: "bn1",
      from: 0,
      channels: channels(32),
      kernel: 3,
      stride: 2
    )
    // Repeats, stride of the first, channels.
    let stages = [(1, 1, 64), (2, 2, 128), (2, 2, 256), (6, 2, 512), (2, 2, 1024)]
    for (stage, (repeats, stride, count)) in stages.enumerated() {
      for block in 0..<repeats {
        let name = "blocks.\(stage).\(block)"
        last = builder.depthwise(
          "\(name).conv_dw",
          norm: "\(name).bn1",
          from: last,
          stride: block == 0 ? stride : 1
        )
        last = builder.convolution(
          "\(name).conv_pw",
          norm: "\(name).bn2",
          from: last,
          channels: channels(count)
        )
      }
    }
    return builder.finish(from: last, classifier: "classifier", classCount: classCount)
  }

  private var graphV2: NetworkGraph {
    var builder = MobileNetBuilder(graph: NetworkGraph(input: input))
    var last = builder.convolution(
      "features.0.0",
      norm: "features.0.1",
      from: 0,
      channels: channels(32),
      kernel: 3,
      stride: 2
    )
    // Expansion, channels, repeats, stride of the first.
    let stages = [
      (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
      (6, 320, 1, 1),
    ]
    var number = 1
    for (expansion, count, repeats, stride) in stages {
      for block in 0..<repeats {
        last = builder.invertedResidual(
          "features.\(number).conv",
          from: last,
          expansion: expansion,
          channels: channels(count),
          stride: block == 0 ? stride : 1
        )
        number += 1
      }
    }
    last = builder.convolution(
      "features.\(number).0",
      norm: "features.\(number).1",
      from: last,
      // Narrow networks keep the last layer.
      channels: widthMultiplier > 1 ? channels(1280) : 1280
    )
    return builder.finish(from: last, classifier: "classifier.1", classCount: classCount)
  }
}

/// Appends the pieces of a MobileNet to a graph.
private struct MobileNetBuilder {
  var graph: NetworkGraph

  /// Convolution, batch norm and, if it `clips`, ReLU6.
  mutating func convolution(
    _ name: String,
    norm: String,
    from node: Int,
    channels: Int,
    kernel: Int = 1,
    stride: Int = 1,
    groups: Int = 1,
    clips: Bool = true
  ) -> Int {
    var last = graph.append(
      name,
      .convolution(
        outputChannels: channels,
        kernel: kernel,
        stride: stride,
        padding: (kernel - 1) / 2,
        groups: groups
      ),
      inputs: [node]
    )
    last = graph.append(norm, .batchNormalization, inputs: [last])
    return clips ? graph.append(norm + ".relu6", .unweighted(ReLU6()), inputs: [last]) : last
  }

  /// A 3 x 3 convolution of each channel by itself.
  mutating func depthwise(_ name: String, norm: String, from node: Int, stride: Int) -> Int {
    let channels = graph.nodes[node].shape.channels
    return convolution(
      name,
      norm: norm,
      from: node,
      channels: channels,
      kernel: 3,
      stride: stride,
      groups: channels
    )
  }

  /// 1 x 1 to more channels, depthwise, 1 x 1 to fewer without ReLU; the input is added where it has the same shape.
  mutating func invertedResidual(_ name: String, from node: Int, expansion: Int, channels: Int, stride: Int)
    -> Int
  {
    var last = node
    var part = 0
    if expansion != 1 {
      let expanded = expansion * graph.nodes[node].shape.channels
      last = convolution("\(name).0.0", norm: "\(name).0.1", from: node, channels: expanded)
      part = 1
    }
    last = depthwise("\(name).\(part).0", norm: "\(name).\(part).1", from: last, stride: stride)
    last = convolution(
      "\(name).\(part + 1)",
      norm: "\(name).\(part + 2)",
      from: last,
      channels: channels,
      clips: false
    )
    guard stride == 1, graph.nodes[node].shape.channels == channels else { return last }
    return graph.append("\(name).add", .add, inputs: [last, node])
  }

  mutating func finish(from node: Int, classifier: String, classCount: Int) -> NetworkGraph {
    let pooled = graph.append("avgpool", .unweighted(GlobalAveragePool()), inputs: [node])
    _ = graph.append(classifier, .linear(outputCount: classCount), inputs: [pooled])
    return graph
  }
}
