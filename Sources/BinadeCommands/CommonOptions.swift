import ArgumentParser
import Binade
import BinadeModelFiles
import Foundation

/// Options of every command that names formats.
struct FormatOptions: ParsableArguments {
  @Option(help: "A folder of definition files to add to the catalogue; repeatable.", completion: .directory)
  var formatFolder: [String] = []

  /// The catalogue: shipped formats, providers' formats, and those of the folders.
  ///
  /// Files of the folders that had to be left out are named on standard error, once.
  func catalog() throws -> FormatCatalog {
    let context = CommandContext.current
    let catalog = try FormatCatalog(
      providers: context.providers,
      folders: formatFolder.map { URL(filePath: $0) }
    )
    for error in catalog.skipped.prefix(Self.shownCount) { context.noteOnce("warning: left out: \(error)") }
    let rest = catalog.skipped.count - Self.shownCount
    if rest > 0 { context.noteOnce("warning: left out: \(rest) more definition files") }
    return catalog
  }

  /// Files left out that are named; the others are counted.
  private static let shownCount = 20
}

/// Options of commands that compute.
struct RunOptions: ParsableArguments {
  @Option(help: "Threads; results do not depend on their number.")
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads must be 1 to 1024, found \(threads)")
    }
  }
}

/// The network and the images; without them, what ships with Binade.
struct ModelOptions: ParsableArguments {
  @Option(help: "A safetensors file. Default: the embedded ResNet-8 for digits.", completion: .file())
  var model: String?

  @Option(
    help:
      "A folder with CIFAR-10 or CIFAR-100 (binary), MNIST (IDX), or images: train/CLASS/*.png, test/CLASS/*.jpg. Default: the embedded digits.",
    completion: .directory
  )
  var data: String?

  @Option(
    help: "The architecture, for files whose metadata does not name it: resnet20-cifar, resnet50.",
    completion: NameCompletion.architecture
  )
  var architecture: String?

  @Option(help: "Use the first so many images.")
  var limit: Int?

  @Option(
    help: """
      Training images to find scales on. Default: 256; 1,024 for recipes of --ptq that round weights by the output (adaround, \
      descent, best).
      """
  )
  var calibrationImages: Int?

  @Option(help: "The seed of the intervals that resample the images.")
  var bootstrapSeed: UInt64 = 0

  func validate() throws {
    if let limit, limit < 1 {
      throw ValidationError("--limit must be at least 1, found \(limit)")
    }
    if let calibrationImages, calibrationImages < 0 {
      throw ValidationError("--calibration-images must not be negative, found \(calibrationImages)")
    }
  }

  /// Loads network and data and runs the float32 baseline.
  func experiment(threads: Int) throws -> Experiment {
    let loaded = try Model(
      contentsOf: model.map { URL(filePath: $0) } ?? EmbeddedModels.resNet8Weights,
      architecture: architecture
    )
    let folder = try DatasetFolder.open(
      data.map { URL(filePath: $0) } ?? EmbeddedModels.mnistFolder,
      threads: threads
    )
    if data == nil, folder.evaluation.imageShape != loaded.architecture.graph.inputShape {
      throw ValidationError(
        "'\(loaded.name)' takes images of \(loaded.architecture.graph.inputShape), the embedded digits are "
          + "\(folder.evaluation.imageShape); name its images with --data"
      )
    }
    let bar = ProgressBar(total: min(limit ?? .max, folder.evaluation.count), label: "float32")
    defer { bar.finish() }
    let experiment = try Experiment(
      model: loaded,
      data: folder,
      imageLimit: limit,
      options: Experiment.Options(
        calibrationImageCount: calibrationImages ?? 256,
        roundingImageCount: calibrationImages ?? 1024,
        bootstrap: Bootstrap(seed: bootstrapSeed),
        threads: threads
      ),
      progress: bar.advance
    )
    if experiment.calibratesOnEvaluationImages, experiment.calibrationImages.count > 0 {
      CommandContext.current.console.writeError(
        "note: no training images in \(data ?? "the data"); scales are found on the first "
          + "\(experiment.calibrationImages.count) evaluation images, without their labels"
      )
    }
    return experiment
  }
}

/// JSON as commands print it: stable order, fractions in full; what is no number as "inf", "-inf" or "nan".
enum JSONText {
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
