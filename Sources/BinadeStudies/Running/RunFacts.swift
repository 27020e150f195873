import BinadeEvaluation
import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization
import BinadeTraining

/// The facts that determine a result: what ``RunKey`` is made of.
enum RunFacts {
  /// Grows when Binade gives other results for the same facts.
  static let resultVersion = 1
  /// Grows when training comes to other weights for the same facts.
  static let trainingVersion = 2

  /// A network and its images: what a configuration is run on.
  struct Subject {
    /// Facts of the network.
    var network: [(name: String, value: String)]
    var images: ImageDataset
    var calibrationImages: ImageDataset
    var roundingImages: ImageDataset
    var bootstrap: Bootstrap

    /// What an experiment runs on.
    init(_ experiment: Experiment) {
      network = RunFacts.network(experiment.model)
      images = experiment.evaluator.images
      calibrationImages = experiment.calibrationImages
      roundingImages = experiment.roundingImages
      bootstrap = experiment.bootstrap
    }

    /// What an experiment will run on: an `Experiment` itself costs a run of the float32 network.
    ///
    /// `network`: the facts of the network, or of its training.
    init(
      _ network: [(name: String, value: String)],
      _ data: DatasetFolder,
      limit: Int?,
      _ options: Experiment.Options
    ) {
      self.network = network
      images = limit.map { data.evaluation.prefix($0) } ?? data.evaluation
      let source = data.training ?? images
      calibrationImages = source.prefix(options.calibrationImageCount)
      roundingImages = source.prefix(options.roundingImageCount)
      bootstrap = options.bootstrap
    }
  }

  /// The facts of a network with its weights.
  static func network(_ model: Model) -> [(name: String, value: String)] {
    [
      ("model", model.name),
      ("architecture", "\(model.architecture.name) \(model.architecture.graph.inputShape)"),
      ("parameters", fingerprint(model.parameters.values)),
      ("normalization", "\(model.normalization)"),
    ]
  }

  /// The facts of training, where it begins, on what and how.
  static func training(
    _ start: Model,
    _ images: ImageDataset,
    _ recipe: TrainingRecipe,
    teacher: Model?
  ) -> RunKey {
    RunKey(
      [("result", "training \(trainingVersion)")] + network(start)
        + [
          ("training images", Self.images(images)),
          ("teacher", teacher.map { fingerprint($0.parameters.values) } ?? "none"),
        ]
        + recipe.text.split(separator: "\n").map { line in
          let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
          return ("training " + parts[0], parts.count > 1 ? String(parts[1].dropFirst()) : "")
        }
    )
  }

  /// The facts of a configuration on a network.
  static func evaluation(_ configuration: Configuration, _ subject: Subject) -> RunKey {
    var facts: [(name: String, value: String)] =
      [("result", "evaluation \(resultVersion)")] + subject.network
    facts += [
      ("images", images(subject.images)),
      ("calibration images", images(subject.calibrationImages)),
      ("rounding images", configuration.recipe == nil ? "none" : images(subject.roundingImages)),
      ("bootstrap seed", "\(subject.bootstrap.seed), \(subject.bootstrap.resampleCount) resamples"),
      ("weights", quantizer(configuration.weights)),
      ("activations", quantizer(configuration.activations)),
      ("ends", configuration.ends.map { "\(quantizer($0.weights)) \(quantizer($0.activations))" } ?? "none"),
      ("recipe", configuration.recipeText ?? "none"),
      ("online batches", configuration.onlineBatchSize.map { "of \($0) images" } ?? "none"),
      ("accumulator", accumulator(configuration.accumulator)),
    ]
    if let trained = configuration.trained, !subject.network.contains(where: { $0.name == "trained" }) {
      facts.append(("trained quantizers", digest(trained.state)))
    }
    for rule in configuration.layers.rules {
      let channels = rule.channels.map { " channels \($0.lowerBound) to \($0.upperBound)" } ?? ""
      facts.append(
        ("layer \(rule.target)\(channels)", "\(quantizer(rule.weights)) \(quantizer(rule.activations))")
      )
    }
    return RunKey(facts)
  }

  private static func images(_ images: ImageDataset) -> String {
    "\(images.count) of \(images.name), " + String(images.fingerprint, radix: 16)
  }

  /// An accumulator and what the codes of its formats mean.
  private static func accumulator(_ accumulator: Accumulator?) -> String {
    guard let accumulator else { return "cheapest" }
    let tables = accumulator.formats.map { " table \(table($0))" }
    return accumulator.description + tables.joined()
  }

  private static func digest(_ text: String) -> String {
    var hash = Hash()
    for byte in text.utf8 { hash.add(UInt64(byte)) }
    return hash.digits
  }

  private static func fingerprint(_ values: [Float]) -> String {
    var hash = Hash()
    for value in values { hash.add(UInt64(value.bitPattern)) }
    return hash.digits
  }

  /// A quantizer and what its codes mean: two files may give different formats the same name.
  private static func quantizer(_ specification: QuantizerSpecification?) -> String {
    guard let specification else { return "float32" }
    let words = specification.words.map { " words \($0.rounding) seed \($0.seed)" } ?? ""
    let blocks = specification.format.blocks.map { " \(String(reflecting: $0))" } ?? ""
    return "\(specification.description) zero point \(specification.zeroPoint.rawValue)\(words) table "
      + "\(table(specification.format.element))\(blocks)"
  }

  /// A hash of the values of the codes: of all up to 16 bits, of 65,536 spread ones in wider formats.
  private static func table(_ format: any NumericFormat) -> String {
    var hash = Hash()
    let step = format.bitWidth <= 16 ? 1 : 1 << (format.bitWidth - 16) | 1
    let limit = UInt64(1) << UInt64(format.bitWidth)
    var code: UInt64 = 0
    while code < limit {
      let value = format.decode(UInt32(code))
      hash.add(value.isNaN ? 0x7FF8_0000_0000_0000 : value.bitPattern)
      code += UInt64(step)
    }
    hash.add(UInt64(format.bitWidth))
    return hash.digits
  }

  /// FNV-1a, eight bytes at a time.
  private struct Hash {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325

    var digits: String { String(value, radix: 16) }

    mutating func add(_ word: UInt64) { value = (value ^ word) &* 0x100_0000_01B3 }
  }
}
