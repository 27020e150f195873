import BinadeEvaluation
import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization
import Foundation

extension StudyPoint {
  /// The configuration that the point says.
  ///
  /// Throws what is wrong with it: ``SpecificationError``, `UnknownFormat`, `PostTrainingError`, ``StudyPointError``.
  package func configuration(_ catalog: FormatCatalog) throws -> Configuration {
    var configuration = Configuration()
    if let text = value(.format) {
      (configuration.weights, configuration.activations) = try QuantizerSpecification.pair(
        parsing: specified(text, catalog),
        catalog: catalog
      )
    }
    if let text = value(.ends) {
      let pair = try QuantizerSpecification.pair(parsing: specified(text, catalog), catalog: catalog)
      configuration.ends = Configuration.Ends(weights: pair.weights, activations: pair.activations)
    }
    if let path = value(.assignment) {
      configuration.layers = try FormatAssignment(contentsOf: URL(filePath: path), catalog: catalog)
    }
    if let text = value(.recipe) {
      configuration.recipe = try PostTrainingRecipe(parsing: text)
      configuration.recipeText = text
    }
    configuration.accumulator = try accumulator(catalog)
    guard let rule = ZeroPointRule(rawValue: self[.zeroPoint]) else {
      throw StudyPointError(
        axis: .zeroPoint,
        found: self[.zeroPoint],
        allowed: ZeroPointRule.allCases.map(\.rawValue)
      )
    }
    configuration.changeQuantizers { $0.zeroPoint = rule }
    try applyRounding(to: &configuration)
    try configuration.checkRecipe()
    return configuration
  }

  /// The quantizers of a text that says formats alone, with the granularity and the calibration of the point.
  private func specified(_ text: String, _ catalog: FormatCatalog) throws -> String {
    let (granularity, calibration) = (value(.granularity), value(.calibration))
    guard value(.recipe) == nil, granularity != nil || calibration != nil else { return text }
    return try text.split(separator: "/").enumerated().map { index, part in
      guard !part.contains(":") else { return String(part) }
      if case .block = try catalog.entry(named: String(part)) { return String(part) }
      return [String(part), granularity ?? (index == 0 ? "channel" : "tensor"), calibration].compactMap { $0 }
        .joined(separator: ":")
    }.joined(separator: "/")
  }

  private func accumulator(_ catalog: FormatCatalog) throws -> Accumulator? {
    guard let name = value(.accumulator) else { return nil }
    switch name {
    case "exact": return try .exact()
    case "logarithmic": return .logarithmic
    default:
      if let unit = MatrixUnit.named(name) { return Accumulator(unit) }
      let text = try AccumulatorText(name)
      let policy = ConversionPolicy(rounding: text.rounding ?? .nearestEven, overflow: text.overflow ?? .ieee)
      return Accumulator(AccumulatorModel(sum: try text.accumulator(catalog, policy: policy)))
    }
  }

  private func applyRounding(to configuration: inout Configuration) throws {
    guard let name = value(.rounding) else { return }
    let rule = RoundingRule(rawValue: name)
    guard rule != nil || name == QuantizerSpecification.stochastic else {
      let allowed = RoundingRule.allCases.map(\.rawValue) + [QuantizerSpecification.stochastic]
      throw StudyPointError(axis: .rounding, found: name, allowed: allowed)
    }
    let words = RandomWords(seed: try number(.seed))
    configuration.changeQuantizers { quantizer in
      guard quantizer.rounding == .nearestEven, quantizer.words == nil else { return }
      if let rule { quantizer.rounding = rule } else { quantizer.words = words }
    }
  }

  /// The images that the point is evaluated on, with those that scales come from.
  func measured(_ data: DatasetFolder) throws -> DatasetFolder {
    switch self[.images] {
    case "test": return data
    case "training":
      guard let training = data.training else {
        throw StudyPointError(axis: .data, found: self[.data], allowed: ["data with training images"])
      }
      return DatasetFolder(evaluation: training, training: training)
    default: throw StudyPointError(axis: .images, found: self[.images], allowed: ["test", "training"])
    }
  }

  /// The number on an axis.
  func number<Number: FixedWidthInteger>(_ axis: StudyAxis) throws -> Number {
    guard let number = Number(self[axis]), number >= 0 else {
      throw StudyPointError(axis: axis, found: self[axis], allowed: ["a number from 0 on"])
    }
    return number
  }

  /// The number on an axis, nil for the standard value.
  func optionalNumber(_ axis: StudyAxis) throws -> Int? { value(axis) == nil ? nil : try number(axis) as Int }
}

/// A value that an axis does not take.
public struct StudyPointError: Error, Sendable, Hashable, CustomStringConvertible {
  let axis: StudyAxis
  let found: String
  let allowed: [String]

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    "'\(axis.key)' has no value '\(found)'\(NameSuggestion.sentence(for: found, among: allowed)) (allowed: "
      + "\(allowed.joined(separator: ", ")))"
  }
}
