/// Passes over maps that ride on others of a training step.
///
/// Without one, its work is a pass of its own over maps in memory, the same numbers in the same order: what a fusion is measured
/// against.
///
/// - Source: training.md 3.3.
package struct TrainingFusions: OptionSet, Sendable, Hashable {
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  /// Batch norm's sums are taken where products finish.
  package static let moments = TrainingFusions(rawValue: 1)
  /// Batch norm and ReLU are applied where the next layer's inputs are read; a map with one reader never exists.
  package static let normalization = TrainingFusions(rawValue: 2)
  /// The gradient of a layer's raw sums is made where its products read it.
  package static let gradientFill = TrainingFusions(rawValue: 4)
  /// A gradient is added up, masked by ReLU and summed for batch norm where products finish.
  package static let gradientFinish = TrainingFusions(rawValue: 8)

  /// All of them.
  package static let all: TrainingFusions = [.moments, .normalization, .gradientFill, .gradientFinish]

  /// Each by itself, with what it is called in tables.
  package static let each: [(name: String, fusion: TrainingFusions)] = [
    ("moments", .moments), ("normalization", .normalization), ("gradient fill", .gradientFill),
    ("gradient finish", .gradientFinish),
  ]
}
