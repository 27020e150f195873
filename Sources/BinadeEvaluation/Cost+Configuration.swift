import BinadeNetworks
import BinadeNumerics

extension Cost {
  /// What a graph costs in a configuration; scales of blocks are counted, those of other formats depend on their calibration.
  ///
  /// Throws ``FormatAssignmentError`` and `NetworkError` when formats of single layers or channels do not fit the graph.
  public init(_ graph: NetworkGraph, _ configuration: Configuration) throws {
    let layers = graph.weightedLayers
    let assignments = try configuration.assignments(layers.map(\.name))
    for (layer, assignment) in zip(layers, assignments) {
      try assignment.checkChannels(layer: layer.name, count: layer.shape.outputChannels)
    }
    self.init(
      graph,
      widths: assignments.map(Configuration.widths),
      scaleMemoryBits: zip(layers, assignments).reduce(0) { sum, pair in
        sum + (pair.1.weights?.format.blocks?.scaleBitCount(of: pair.0.shape) ?? 0)
      }
    )
  }
}
