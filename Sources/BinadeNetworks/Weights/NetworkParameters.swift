import BinadeTensor

/// The parameters of a network by name, in one buffer: what training changes and files hold.
public struct NetworkParameters: Sendable {
  /// What lies where.
  public let layout: ParameterLayout
  /// All of them; 0 in gaps.
  public private(set) var values: [Float]

  /// Reads the parameters of `graph` from a file, under PyTorch's or timm's names.
  ///
  /// Throws for a missing tensor, a shape that does not fit, NaN or infinity, and a variance below zero.
  public init(_ graph: NetworkGraph, file: SafetensorsFile) throws(NetworkError) {
    try self.init(graph, source: file)
  }

  /// Draws weights: normal with variance 2 / depth, no bias, batch norms that change nothing.
  ///
  /// `seed`: the same parameters for the same seed, on every machine up to the last bit of `log` and `cos`.
  ///
  /// - Source: He, Zhang, Ren and Sun, ICCV 2015, section 2.2.
  public init(_ graph: NetworkGraph, seed: UInt64) {
    do {
      try self.init(graph, source: RandomParameters(seed: seed))
    } catch {
      preconditionFailure("drawn parameters fit every graph, but: \(error)")
    }
  }

  private init(_ graph: NetworkGraph, source: some ParameterSource) throws(NetworkError) {
    layout = ParameterLayout(graph)
    values = Array(repeating: 0, count: layout.count)
    for entry in layout.entries {
      let read = try source.values(entry.name, entry.shape.extents)
      if entry.role == .runningVariance, let index = read.firstIndex(where: { $0 < 0 }) {
        throw .malformed(
          file: source.name,
          reason: "'\(entry.name)' is \(read[index]) at \(index); a variance is not negative"
        )
      }
      values.replaceSubrange(entry.range, with: read)
    }
  }

  /// Parameters of another layout, zero at first.
  package init(zeros layout: ParameterLayout) {
    self.layout = layout
    values = Array(repeating: 0, count: layout.count)
  }

  /// The parameter of a name, in the order of its shape.
  ///
  /// Setting needs as many numbers.
  ///
  /// - Precondition: there is a parameter of this name.
  public subscript(name: String) -> ArraySlice<Float> {
    get { values[entry(name).range] }
    set {
      let range = entry(name).range
      precondition(
        newValue.count == range.count,
        "'\(name)' has \(range.count) numbers, not \(newValue.count)"
      )
      values.replaceSubrange(range, with: newValue)
    }
  }

  /// The parameter of a name with its shape; nil when there is none.
  public func tensor(_ name: String) -> Tensor? {
    layout[name].map { Tensor(shape: $0.shape, values: Array(values[$0.range])) }
  }

  /// Lets `body` change all of them in place.
  package mutating func withUnsafeMutableValues<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try values.withUnsafeMutableBufferPointer { try body($0) }
  }

  private func entry(_ name: String) -> ParameterLayout.Entry {
    guard let entry = layout[name] else { preconditionFailure("there is no parameter '\(name)'") }
    return entry
  }
}
