import ArgumentParser
import Binade
import BinadeModelFiles
import Foundation

/// Training of a network.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract:
      "Train a network: from scratch or from a weight file, to be interrupted and resumed at any step.",
    discussion: """
      The result is a function of recipe, images and seed, to the bit: neither threads nor interruptions change it. A recipe
      is a YAML file of 'key: value' lines; what is given by --set or its own option goes before the file. The keys and what
      they are without a file:
      \(TrainingRecipe().text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
      Schedules: oneCycle, cosine, step, constant. Optimizers: sgd, adamW. Decayed: all, rankAboveOne (neither biases nor
      batch norms), notDepthwise.

      The folder of --output gets model.safetensors (PyTorch's names; 'evaluate' and 'compare' read it), best.safetensors,
      history.csv, a plot of loss and accuracy, recipe.yaml, results.json and checkpoint.safetensors. SIGINT and SIGTERM
      end the step, write the checkpoint and say how to go on; a second one ends at once.

      EXAMPLES
        binade train --output digits                 the embedded ResNet-8 on the embedded digits
        binade train --data cifar10 --architecture resnet20-cifar --epochs 30 --output r20
        binade train --data cifar10 --init resnet20.safetensors --learning-rate 0.03 --set warmUp=0.1 --output tuned
        binade train --data cifar10 --architecture resnet20-cifar --output r20 --resume
        binade train --data cifar10 --init resnet20.safetensors --weights int4 --activations int4 --ends int8 --qat lsq --output q4
        binade train --data cifar10 --init resnet20.safetensors --fracbits 3 --output mixed3
      """
  )

  @Option(
    help:
      "A folder with CIFAR-10 or CIFAR-100 (binary), MNIST (IDX), or images: train/CLASS/*.png, test/CLASS/*.jpg. Default: the embedded digits.",
    completion: .directory
  )
  var data: String?

  @Option(
    help: "The architecture: resnet20-cifar, resnet50. Default: that of --init, or the embedded ResNet-8.",
    completion: NameCompletion.architecture
  )
  var architecture: String?

  @Option(help: "Channels of the three stages of a resnet*-cifar, joined by commas. Default: 16,32,64.")
  var widths: String?

  @Option(help: "How a resnet*-cifar passes on what changes its shape: A (zeros) or B (a convolution).")
  var shortcut: String = "A"

  @Option(help: "A safetensors file to begin with. Default: random weights.", completion: .file())
  var `init`: String?

  @Option(help: "A safetensors file whose outputs are imitated.", completion: .file())
  var teacher: String?

  @Option(help: "A YAML file of settings.", completion: .file())
  var recipe: String?

  @Option(help: "Times that every image is seen.")
  var epochs: Int?

  @Option(help: "Images of a step.")
  var batch: Int?

  @Option(help: "The greatest learning rate of the run.")
  var learningRate: Double?

  @Option(help: "How the learning rate goes: oneCycle, cosine, step, constant.")
  var schedule: String?

  @Option(help: "What products take: float32, or bfloat16 (operands rounded, float32 sums and weights).")
  var precision: String?

  @OptionGroup(title: "Quantization-aware training") var quantization: TrainingQuantizationOptions
  @OptionGroup(title: "Formats of layers") var layerFormats: LayerFormatOptions
  @OptionGroup(title: "Search of formats") var search: FormatSearchOptions
  @OptionGroup var formatOptions: FormatOptions

  @Option(help: "The seed of order, augmentation and random weights.")
  var seed: UInt64?

  @Option(name: .customLong("set"), help: "Another setting of the recipe, as KEY=VALUE; repeatable.")
  var settings: [String] = []

  @Option(help: "Use the first so many training images.")
  var limit: Int?

  @Option(help: "The folder for all that is written; made if missing.")
  var output: String

  @Option(
    help: "Keep the result in this store as well (see 'binade study --help').",
    completion: .file(extensions: ["sqlite"])
  )
  var store: String?

  @Flag(help: "Go on with the checkpoint in the folder.")
  var resume = false

  @Option(help: "Steps from one checkpoint to the next; one is written after each epoch, too.")
  var checkpointEvery: Int = 1000

  @Option(help: "End after so many steps of this run, with a checkpoint: for runs in pieces.")
  var steps: Int?

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var runOptions: RunOptions

  func validate() throws {
    for (name, value) in [("--limit", limit), ("--checkpoint-every", checkpointEvery), ("--steps", steps)] {
      if let value, value < 1 { throw ValidationError("\(name) must be at least 1, found \(value)") }
    }
  }

  func run() throws {
    let folder = try DatasetFolder.open(
      data.map { URL(filePath: $0) } ?? EmbeddedModels.mnistFolder,
      threads: runOptions.threads
    )
    guard let all = folder.training else {
      throw ValidationError("\(data ?? "the data") has no training images")
    }
    let images = limit.map { all.prefix($0) } ?? all
    var recipe = try fullRecipe(images)
    let network = try startingNetwork(images, seed: recipe.seed)
    let catalog = try formatOptions.catalog()
    try search.setBudget(of: &recipe, network.architecture.graph, catalog)
    let teacher = try self.teacher.map { try Model(contentsOf: URL(filePath: $0)) }
    let trainer = try Trainer(
      network.architecture.graph,
      network.parameters,
      images: images,
      normalization: network.normalization,
      recipe: recipe,
      teacher: teacher.map { ($0.architecture.graph, $0.parameters) },
      quantization: recipe.quantization(
        network.architecture.graph.weightedLayers.map(\.name),
        catalog
      ),
      threads: runOptions.threads
    )
    let store = try self.store.map { try ResultStore($0, for: .writing) }
    let timer = RunTimer(threads: runOptions.threads)
    let run = try TrainingRun(
      trainer,
      network: network,
      evaluation: folder.evaluation,
      output: OutputFolder(output),
      threads: runOptions.threads
    )
    if resume { try run.resume() } else { try run.requireNoCheckpoint() }
    let isDone = try run.train(checkpointEvery: checkpointEvery, limit: steps, command: resumeCommand)
    if isDone, let store {
      let text = recipe.changes(from: TrainingRecipe(for: images))
      let training = StudyTraining(network, images, recipe, teacher: teacher, text: text)
      let options = Experiment.Options(threads: runOptions.threads)
      let model = try run.trained()
      let experiment = try Experiment(model: model, data: folder, imageLimit: nil, options: options)
      let trained = try Configuration(trained: model, catalog: catalog)
      let configuration = trained ?? Configuration()
      let result = try experiment.run(configuration)
      try store.add(
        StoredRun(result, configuration, experiment, timer, training: (training, run.history))
      )
    }
    let console = CommandContext.current.console
    console.write(json ? try JSONDocument.training.text(try run.result()) : try run.summary())
  }

  /// The recipe of the file, with the options over it.
  private func fullRecipe(_ images: ImageDataset) throws -> TrainingRecipe {
    var result = TrainingRecipe(for: images)
    if let recipe { try result.set(contentsOf: URL(filePath: recipe)) }
    var pairs: [(String, String)] = []
    if let epochs { pairs.append(("epochs", "\(epochs)")) }
    if let batch { pairs.append(("batch", "\(batch)")) }
    if let learningRate { pairs.append(("learningRate", "\(learningRate)")) }
    if let schedule { pairs.append(("schedule", schedule)) }
    if let precision { pairs.append(("precision", precision)) }
    if let seed { pairs.append(("seed", "\(seed)")) }
    pairs += search.settings + quantization.settings
    let layers = try layerFormats.assignment(try formatOptions.catalog())
    if !layers.isEmpty { pairs.append(("layers", layers.text)) }
    for setting in settings {
      let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw ValidationError("--set takes KEY=VALUE, e.g. warmUp=0.1, found '\(setting)'")
      }
      pairs.append((parts[0], parts[1]))
    }
    for (key, value) in pairs { try result.set(key, to: value) }
    return result
  }

  /// The network to begin with.
  private func startingNetwork(_ images: ImageDataset, seed: UInt64) throws -> Model {
    if let file = self.`init` {
      return try Model(contentsOf: URL(filePath: file), architecture: architecture)
    }
    let isDigits = images.imageShape.channels == 1
    let parts = (widths ?? (architecture == nil && isDigits ? "8,16,32" : "16,32,64")).split(separator: ",")
    guard let shortcut = ResNet.Shortcut(rawValue: shortcut) else {
      throw ValidationError("--shortcut must be A or B, found '\(self.shortcut)'")
    }
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == parts.count else {
      throw ValidationError("--widths takes numbers joined by commas, found '\(widths ?? "")'")
    }
    let name = architecture ?? (isDigits ? "resnet8-cifar" : "resnet20-cifar")
    var options = ArchitectureOptions()
    (options.widths, options.shortcut) = (numbers, shortcut)
    (options.input, options.classCount) = (images.imageShape, images.classCount)
    let resolved = try ArchitectureName.resolve(name, options)
    return Model(
      name: name,
      resolved,
      NetworkParameters(resolved.graph, seed: seed),
      images.usualNormalization
    )
  }

  /// What to type in order to go on.
  private var resumeCommand: String {
    let own = Array(CommandLine.arguments.dropFirst()).filter { $0 != "--resume" }
    return "binade " + own.map { ShellWord.quoted($0) }.joined(separator: " ") + " --resume"
  }
}
