import BinadeFormats
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization
import Foundation

/// Formats of single layers: what differs from those of the whole network.
///
/// A file of it is YAML, a line for each layer or pattern, read and written by hand:
///
/// ```yaml
/// conv1: int8                                        # weights and input
/// layer1.*: int4/int8                                # WEIGHTS/ACTIVATIONS
/// layer2.0.conv1: int4:channel:mse/int8:tensor:max   # quantizers as in 'binade evaluate'
/// conv1[0..7]: int4                                  # the weights of some output channels
/// linear: float32                                    # not quantized
/// ```
///
/// `*` stands for any characters. A layer's own name counts before patterns.
public struct FormatAssignment: Sendable {
  /// One line.
  public struct Rule: Sendable {
    /// A name of a layer, or a pattern with `*`.
    public let pattern: String
    /// Output channels whose weights alone it is about; nil for the layer.
    public let channels: ClosedRange<Int>?
    /// The quantizers as they were written.
    public let text: String
    /// Nil for float32.
    public var weights: QuantizerSpecification?
    /// Nil for float32.
    public var activations: QuantizerSpecification?
    /// Where it stands: a line of a file, or an option.
    public let place: String

    var isPattern: Bool { pattern.contains("*") }

    /// The name or pattern with its channels, as it is written.
    public var target: String {
      channels.map { "\(pattern)[\($0.lowerBound)..\($0.upperBound)]" } ?? pattern
    }
  }

  /// In the order in which they were written; it does not matter.
  public internal(set) var rules: [Rule] = []

  /// No layer differs.
  public init() {}

  /// Whether no layer differs.
  public var isEmpty: Bool { rules.isEmpty }

  /// Reads a file.
  ///
  /// Throws `FormatDefinitionError` for what is no such file, and ``SpecificationError`` and errors of the catalogue for
  /// quantizers that it does not know.
  public init(contentsOf url: URL, catalog: FormatCatalog) throws {
    for entry in try PlainMapping(contentsOf: url).entries {
      try add(entry.key, entry.value, place: "\(entry.place)", catalog: catalog)
    }
  }

  /// Adds a rule as the option `--layer` has it: `layer1.*=int8/int8`.
  public mutating func add(parsing text: String, catalog: FormatCatalog) throws {
    guard let equals = text.firstIndex(of: "=") else {
      throw FormatAssignmentError.malformed(rule: text, place: "--layer")
    }
    try add(
      String(text[..<equals]),
      String(text[text.index(after: equals)...]),
      place: "--layer",
      catalog: catalog
    )
  }

  /// Adds a rule for a layer; nil is float32.
  ///
  /// What files say by default goes without saying. `channels`: output channels whose weights alone it is about.
  package mutating func add(
    layer: String,
    weights: QuantizerSpecification?,
    activations: QuantizerSpecification?,
    channels: ClosedRange<Int>? = nil
  ) {
    let texts = [(weights, ":channel:mse"), (activations, ":tensor:mse")].map { specification, standard in
      let text = specification?.description ?? "float32"
      return text.hasSuffix(standard) ? String(text.dropLast(standard.count)) : text
    }
    rules.append(
      Rule(
        pattern: layer,
        channels: channels,
        text: channels != nil || texts[0] == texts[1] ? texts[0] : texts.joined(separator: "/"),
        weights: weights,
        activations: activations,
        place: "the search"
      )
    )
  }

  private mutating func add(_ pattern: String, _ text: String, place: String, catalog: FormatCatalog) throws {
    guard !pattern.isEmpty, !text.isEmpty else {
      throw FormatAssignmentError.malformed(rule: "\(pattern)=\(text)", place: place)
    }
    let (name, channels) = try Self.channels(of: pattern, place: place)
    var rule = Rule(
      pattern: name,
      channels: channels,
      text: text,
      weights: nil,
      activations: nil,
      place: place
    )
    if channels != nil {
      guard !text.contains("/") || text.contains(".yaml") || text.contains(".yml") else {
        throw FormatAssignmentError.channelPair(rule: pattern, place: place)
      }
      rule.weights = try QuantizerSpecification(parsing: text, catalog: catalog, granularity: .channel)
    } else {
      let (weights, activations) = try QuantizerSpecification.pair(parsing: text, catalog: catalog)
      rule.weights = weights.format.name == "float32" ? nil : weights
      rule.activations = activations.format.name == "float32" ? nil : activations
    }
    rules.append(rule)
  }

  /// Takes `[first..last]` off a name.
  private static func channels(of pattern: String, place: String) throws -> (String, ClosedRange<Int>?) {
    guard let bracket = pattern.firstIndex(of: "[") else { return (pattern, nil) }
    let name = String(pattern[..<bracket])
    let ends = pattern[pattern.index(after: bracket)...].dropLast()
      .split(separator: "..", omittingEmptySubsequences: false).map { Int($0) }
    guard pattern.hasSuffix("]"), !name.isEmpty, ends.count == 2, let first = ends[0], let last = ends[1],
      first >= 0, first <= last
    else { throw FormatAssignmentError.malformedChannels(rule: pattern, place: place) }
    return (name, first...last)
  }

  /// Changes the quantizers of all layers named.
  public mutating func changeQuantizers(_ change: (inout QuantizerSpecification) -> Void) {
    for index in rules.indices {
      rules[index].weights.change(change)
      rules[index].activations.change(change)
    }
  }

  /// The rules in one line, for rows.
  public var text: String { rules.map { "\($0.target)=\($0.text)" }.joined(separator: ", ") }

  /// The rules as a file.
  public var yaml: String {
    rules.map { rule in
      // A key that begins with a star is an alias to YAML.
      let key = rule.isPattern ? "\"\(rule.target)\"" : rule.target
      return "\(key): \(rule.text)\n"
    }.joined()
  }
}

/// Why an assignment does not fit a network.
public enum FormatAssignmentError: Error, Sendable, Hashable, CustomStringConvertible {
  case malformed(rule: String, place: String)
  case malformedChannels(rule: String, place: String)
  case channelPair(rule: String, place: String)
  case noLayer(pattern: String, place: String, nearest: String?, layers: [String])
  case twice(layer: String, first: String, second: String)
  case recipeChannels(layer: String)
  case trainedChannels(rule: String)

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .malformed(let rule, let place):
      "\(place): '\(PrintableText.excerpt(rule))': expected LAYER=FORMAT or LAYER=WEIGHTS/ACTIVATIONS, as in 'layer1.*=int8/int8'"
    case .malformedChannels(let rule, let place):
      "\(place): '\(PrintableText.excerpt(rule))': expected output channels as in 'conv1[0..7]', from the first to the last"
    case .channelPair(let rule, let place):
      "\(place): '\(PrintableText.excerpt(rule))' is about weights alone, as inputs have no output channels; give one format, such as int4"
    case .recipeChannels(let layer):
      "'\(layer)': channels with formats of their own are for calibrations; a recipe shares out bits itself (part 'alloc')"
    case .trainedChannels(let rule):
      "'\(rule)': training takes one format for all channels of a layer; a search gives channels their own (--fracbits BUDGET --channelwise)"
    case .noLayer(let pattern, let place, let nearest, let layers):
      "\(place): '\(PrintableText.excerpt(pattern))' names no layer"
        + (nearest.map { "; did you mean '\($0)'?" } ?? "")
        + " (layers: \(layers.prefix(6).joined(separator: ", "))\(layers.count > 6 ? ", ..., \(layers[layers.count - 1])" : ""))"
    case .twice(let layer, let first, let second):
      "'\(layer)' is named twice, by '\(PrintableText.excerpt(first))' and '\(PrintableText.excerpt(second))'; a layer takes one "
        + "line, its own name counts before patterns"
    }
  }
}
