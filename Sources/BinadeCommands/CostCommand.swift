import ArgumentParser
import Binade
import Foundation

/// What an architecture costs; no weights needed.
struct CostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cost",
    abstract: "Count MACs, BitOPs and memory of an architecture in given formats.",
    discussion: """
      EXAMPLES
        binade cost resnet50 --weights int4 --activations int4 --ends int8
        binade cost resnet20-cifar
        binade cost resnet20-cifar --weights int4 --activations int4 --layer 'layer3.*=int3/int4'
      """
  )

  @Argument(
    help: "resnet<6n+2>-cifar, resnet with an ImageNet depth (18, 34, 50 ...), mobilenetv1 or mobilenetv2.",
    completion: NameCompletion.architecture
  )
  var architecture: String

  @OptionGroup var formatOptions: FormatOptions
  @OptionGroup var layerFormats: LayerFormatOptions

  @Option(help: "The format of the weights.", completion: NameCompletion.format)
  var weights = "bfloat16"
  @Option(help: "The format of the activations.", completion: NameCompletion.format)
  var activations = "bfloat16"
  @Option(help: "The format of the first and the last layer.", completion: NameCompletion.format)
  var ends: String?
  @Option(help: "Shortcuts of CIFAR networks: A or B.") var shortcut = "A"
  @Option(help: "Scales the channels; ImageNet networks keep their stem.") var widthMultiplier = 1.0
  @Flag(help: "Print as JSON.") var json = false

  func run() throws {
    guard let shortcut = ResNet.Shortcut(rawValue: shortcut.uppercased()) else {
      throw ValidationError("--shortcut must be A or B, found '\(shortcut)'")
    }
    let catalog = try formatOptions.catalog()
    var configuration = try ConfigurationText.configuration(
      weights: weights,
      activations: activations,
      ends: ends,
      catalog
    )
    configuration.layers = try layerFormats.assignment(catalog)
    var options = ArchitectureOptions()
    (options.shortcut, options.widthMultiplier) = (shortcut, widthMultiplier)
    let network = try ArchitectureName.resolve(architecture, options)
    let cost = try Cost(network.graph, configuration)
    let console = CommandContext.current.console
    if json {
      console.write(try JSONDocument.cost.text(cost))
      return
    }
    console.write(
      """
      \(network.name), \(network.graph.inputShape) input, \(network.graph.outputCount) classes
        MACs            \(cost.multiplyAccumulateCount)
        weights         \(cost.weightCount)
        AQT quadratic   \(cost.aqtQuadratic.map(String.init) ?? "-")
        AQT linear      \(cost.aqtLinear.map(String.init) ?? "-")
        BitOPs          \(cost.bitOperations)
        weight memory   \(cost.weightMemoryBits) bits = \(Double(cost.weightMemoryBits) / 8e6) MB
        block scales    \(cost.scaleMemoryBits) bits = \(Double(cost.scaleMemoryBits) / 8e6) MB
      """
    )
  }
}
