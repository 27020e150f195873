/// Recipes as text: one `key: value` line per setting, in a fixed order, read and written by hand, and compared line by line.
extension TrainingRecipe {
  /// All settings as YAML.
  public var text: String {
    let standard = TrainingRecipe()
    return Self.settings.filter { !$0.isLeftOut || $0.text(self) != $0.text(standard) }
      .map { "\($0.key): \($0.text(self))" }.joined(separator: "\n")
  }

  /// Reads what ``text`` wrote.
  public init(text: String) throws(TrainingError) {
    self.init()
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
      guard parts.count == 2 else {
        throw .malformedCheckpoint(file: "the recipe", reason: "'\(line)' is no setting")
      }
      try set(String(parts[0]), to: String(parts[1]))
    }
  }

  /// The keys in their order.
  public static var keys: [String] { settings.map(\.key) }

  /// Changes one setting.
  ///
  /// Throws for a key that there is not, and for values that make no sense.
  public mutating func set(_ key: String, to value: String) throws(TrainingError) {
    guard let setting = Self.settings.first(where: { $0.key == key }) else {
      throw .invalidRecipe(
        parameter: key,
        found: value,
        allowed: "the keys " + Self.keys.joined(separator: ", ")
      )
    }
    guard setting.set(&self, value) else {
      throw .invalidRecipe(parameter: key, found: value, allowed: setting.allowed)
    }
  }

  /// The settings that `other` has otherwise, as `epochs=10,precision=bfloat16`.
  public func changes(from other: TrainingRecipe) -> String {
    Self.settings.filter { $0.text(self) != $0.text(other) }.map { "\($0.key)=\($0.text(self))" }
      .joined(separator: ",")
  }

  /// The first setting that another recipe has otherwise: its key and both values.
  func firstDifference(from text: String) -> (key: String, own: String, other: String)? {
    let other = Dictionary(
      text.split(separator: "\n").compactMap { line -> (String, String)? in
        let parts = line.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
      }
    ) { first, _ in first }
    let standard = TrainingRecipe()
    return Self.settings.lazy.compactMap { setting in
      let missing = setting.isLeftOut ? setting.text(standard) : "not set"
      let (own, other) = (setting.text(self), other[setting.key] ?? missing)
      return own == other ? nil : (setting.key, own, other)
    }.first
  }

  private struct Setting: Sendable {
    let key: String
    let allowed: String
    /// Whether it is left out of texts where it has its default: it came after texts were written that are still compared.
    var isLeftOut = false
    let text: @Sendable (TrainingRecipe) -> String
    /// False for a value that is not allowed.
    let set: @Sendable (inout TrainingRecipe, String) -> Bool
  }

  private typealias Path<Value> = WritableKeyPath<TrainingRecipe, Value> & Sendable

  private static func integer(_ key: String, _ path: Path<Int>, _ range: ClosedRange<Int>) -> Setting {
    Setting(key: key, allowed: "\(range.lowerBound) to \(range.upperBound)") {
      "\($0[keyPath: path])"
    } set: { recipe, value in
      guard let number = Int(value), range.contains(number) else { return false }
      recipe[keyPath: path] = number
      return true
    }
  }

  private static func number(
    _ key: String,
    _ path: Path<Double>,
    _ range: ClosedRange<Double>,
    isLeftOut: Bool = false
  ) -> Setting {
    Setting(key: key, allowed: "\(range.lowerBound) to \(range.upperBound)", isLeftOut: isLeftOut) {
      "\($0[keyPath: path])"
    } set: { recipe, value in
      guard let number = Double(value), range.contains(number) else { return false }
      recipe[keyPath: path] = number
      return true
    }
  }

  private static func optional(
    _ key: String,
    _ path: Path<Double?>,
    _ range: ClosedRange<Double>,
    isLeftOut: Bool = false
  ) -> Setting {
    let allowed = "none, or \(range.lowerBound) to \(range.upperBound)"
    return Setting(key: key, allowed: allowed, isLeftOut: isLeftOut) {
      $0[keyPath: path].map { "\($0)" } ?? "none"
    } set: { recipe, value in
      let number = Double(value)
      guard value == "none" || number.map(range.contains) == true else { return false }
      recipe[keyPath: path] = number
      return true
    }
  }

  private static func format(_ key: String, _ path: Path<String?>, isLeftOut: Bool = false) -> Setting {
    let allowed = "none, or a quantizer: FORMAT[:GRANULARITY[:CALIBRATION[:ROUNDING]]]"
    return Setting(key: key, allowed: allowed, isLeftOut: isLeftOut) {
      $0[keyPath: path] ?? "none"
    } set: { recipe, value in
      guard !value.isEmpty, !value.contains(where: { $0.isWhitespace }) else { return false }
      recipe[keyPath: path] = value == "none" ? nil : value
      return true
    }
  }

  private static let layers = Setting(
    key: "layers",
    allowed: "none, or LAYER=FORMAT or LAYER=WEIGHTS/INPUTS, joined by a comma and a space",
    isLeftOut: true
  ) {
    $0.layers ?? "none"
  } set: { recipe, value in
    guard !value.isEmpty, !value.contains("\n") else { return false }
    recipe.layers = value == "none" ? nil : value
    return true
  }

  private static func formats(_ key: String, _ path: Path<String?>) -> Setting {
    let allowed =
      "none, or formats in the order of their bits, FORMAT or WEIGHTS/INPUTS, joined by commas: int2,int4,int8"
    return Setting(key: key, allowed: allowed, isLeftOut: true) {
      $0[keyPath: path] ?? "none"
    } set: { recipe, value in
      guard !value.isEmpty, !value.contains(where: { $0.isWhitespace }) else { return false }
      recipe[keyPath: path] = value == "none" ? nil : value
      return true
    }
  }

  private static func flag(_ key: String, _ path: Path<Bool>, isLeftOut: Bool = false) -> Setting {
    Setting(key: key, allowed: "true, false", isLeftOut: isLeftOut) {
      "\($0[keyPath: path])"
    } set: { recipe, value in
      guard let flag = Bool(value) else { return false }
      recipe[keyPath: path] = flag
      return true
    }
  }

  private static func word<Word>(_ key: String, _ path: Path<Word>, isLeftOut: Bool = false) -> Setting
  where Word: RawRepresentable<String> & CaseIterable & Sendable {
    let allowed = Word.allCases.map(\.rawValue).joined(separator: ", ")
    return Setting(key: key, allowed: allowed, isLeftOut: isLeftOut) {
      $0[keyPath: path].rawValue
    } set: { recipe, value in
      guard let word = Word(rawValue: value) else { return false }
      recipe[keyPath: path] = word
      return true
    }
  }

  private static let milestones = Setting(
    key: "milestones",
    allowed: "shares of the steps, 0 to 1, joined by spaces"
  ) {
    $0.schedule.milestones.map { "\($0)" }.joined(separator: " ")
  } set: { recipe, value in
    let parts = value.split(separator: " ")
    let numbers = parts.compactMap { Double($0) }.filter { (0...1).contains($0) }
    guard numbers.count == parts.count, numbers.count <= 100 else { return false }
    recipe.schedule.milestones = numbers
    return true
  }

  private static let seed = Setting(key: "seed", allowed: "0 to 2^64 - 1") {
    "\($0.seed)"
  } set: { recipe, value in
    guard let number = UInt64(value) else { return false }
    recipe.seed = number
    return true
  }

  /// In the order in which they are written.
  private static let settings: [Setting] = [
    integer("epochs", \.epochs, 1...100_000),
    integer("batch", \.batch, 1...65536),
    number("learningRate", \.learningRate, 1e-12...1e6),
    word("schedule", \.schedule.kind),
    number("warmUp", \.schedule.warmUp, 0...1),
    number("coolDown", \.schedule.coolDown, 0...1),
    number("least", \.schedule.least, 0...1),
    number("startDivisor", \.schedule.startDivisor, 1...1e9),
    number("endDivisor", \.schedule.endDivisor, 1...1e9),
    optional("leastMomentum", \.schedule.leastMomentum, 0...1),
    milestones,
    number("factor", \.schedule.factor, 0...1),
    word("optimizer", \.optimizer.kind),
    number("momentum", \.optimizer.momentum, 0...0.999999),
    flag("nesterov", \.optimizer.nesterov),
    number("squareDecay", \.optimizer.squareDecay, 0...0.999999),
    number("epsilon", \.optimizer.epsilon, 0...1),
    number("weightDecay", \.weightDecay, 0...1),
    word("decayed", \.weightDecayScope),
    word("precision", \.precision),
    word("rounding", \.rounding),
    number("labelSmoothing", \.labelSmoothing, 0...0.999),
    optional("clipping", \.clipping, 1e-30...1e30),
    integer("crop", \.augmentation.padding, 0...64),
    flag("flip", \.augmentation.flips),
    integer("cutout", \.augmentation.cutout, 0...1024),
    optional("averageDecay", \.averageDecay, 0...0.999999),
    number("distillation", \.distillation.weight, 0...1),
    number("temperature", \.distillation.temperature, 1e-3...1e3),
    number("statisticsMomentum", \.statisticsMomentum, 0...1),
    format("weights", \.weights),
    format("activations", \.activations),
    format("ends", \.ends),
    layers,
    format("gradients", \.gradients, isLeftOut: true),
    word("quantization", \.quantization),
    formats("search", \.search.formats),
    optional("budget", \.search.budget, 1...1e18, isLeftOut: true),
    word("costModel", \.search.costModel, isLeftOut: true),
    number("penalty", \.search.penalty, 0...1e6, isLeftOut: true),
    number("sharpening", \.search.sharpening, 0...1e6, isLeftOut: true),
    number("searchShare", \.search.share, 0...0.999999, isLeftOut: true),
    flag("searchChannels", \.search.isChannelWise, isLeftOut: true),
    word("searchRule", \.search.rule, isLeftOut: true),
    number("trackedShare", \.trackedShare, 0...1),
    flag("dropLast", \.dropsLast),
    seed,
  ]
}
