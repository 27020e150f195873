import BinadeNetworks
import Testing

@Suite struct ArchitectureTests {
  @Test("names resolve to graphs of the right depth")
  func names() throws {
    let resnet20 = try ArchitectureName.resolve("resnet20-cifar").graph
    #expect(resnet20.weightedLayers.count == 20)
    #expect(resnet20.weightedLayers.first?.name == "conv1")
    #expect(resnet20.weightedLayers.last?.name == "linear")
    #expect(resnet20.outputCount == 10)
    // 53 convolutions, 4 of them projections, and the classifier.
    #expect(try ArchitectureName.resolve("resnet50").graph.weightedLayers.count == 54)
    #expect(try ArchitectureName.resolve("resnet18").graph.weightedLayers.count == 21)
  }

  @Test("what is no architecture says what is")
  func errors() {
    #expect(throws: NetworkError.self) { try ArchitectureName.resolve("resnet21-cifar") }
    #expect(throws: NetworkError.self) { try ArchitectureName.resolve("vgg16") }
    #expect(throws: NetworkError.unknownArchitecture(name: "resnet51", nearest: "resnet50")) {
      try ArchitectureName.resolve("resnet51")
    }
    #expect(throws: NetworkError.self) { try ResNet.cifar(depth: 20, widths: [16, 31, 64]) }
    #expect(throws: NetworkError.self) { try ResNet.imageNet(depth: 50, widthMultiplier: 0) }
  }

  @Test(
    "other spellings suggest the architecture that is meant",
    arguments: [
      ("resnet20", "resnet20-cifar"), ("ResNet20", "resnet20-cifar"), ("resnet-50", "resnet50"),
      ("cifar10_resnet56", "resnet56-cifar"), ("resnet20_cifar10", "resnet20-cifar"),
      ("ResNet50_v1.5", "resnet50"), ("MobileNet-V2", "mobilenetv2"),
      ("mobilenet_v1", "mobilenetv1"), ("mobilnetv2", "mobilenetv2"), ("resnet1202", "resnet1202-cifar"),
      ("resnt50", "resnet50"),
    ]
  )
  func suggestions(found: String, meant: String) {
    #expect(throws: NetworkError.unknownArchitecture(name: found, nearest: meant)) {
      try ArchitectureName.resolve(found)
    }
  }

  @Test("nothing near suggests nothing; every example is one")
  func noSuggestion() throws {
    #expect(throws: NetworkError.unknownArchitecture(name: "vgg16", nearest: nil)) {
      try ArchitectureName.resolve("vgg16")
    }
    for name in ArchitectureName.examples { #expect(try ArchitectureName.resolve(name).name == name) }
  }

  @Test("feature maps shrink as in the papers")
  func shapes() throws {
    let resnet50 = try ArchitectureName.resolve("resnet50").graph
    let last = try #require(resnet50.nodes.last { $0.name == "layer4.2.relu" })
    #expect(last.shape == ImageShape(channels: 2048, height: 7, width: 7))
    let resnet8 = try ResNet.cifar(
      depth: 8,
      widths: [8, 16, 32],
      input: ImageShape(channels: 1, height: 28, width: 28)
    ).graph
    #expect(
      resnet8.nodes.last { $0.name == "layer3.0.relu" }?.shape
        == ImageShape(channels: 32, height: 7, width: 7)
    )
  }
}
