import CBinadeKernels

/// Makes the output of a layer from its stored sums: batch norm, addend and ReLU, from maps of either element.
///
/// - Error: the roundings of ``Epilogue``, from what is stored; into a map of bfloat16, one more.
package struct MapNormalization: Sendable {
  private let epilogue: Epilogue
  private let features: CPUFeatures

  /// What `epilogue` does.
  package init(_ epilogue: Epilogue, features: CPUFeatures = .detected) {
    (self.epilogue, self.features) = (epilogue, features)
  }

  /// The elements of a pixel.
  package var channels: Int { epilogue.scales.count }

  /// Makes a line of float32.
  ///
  /// - Shape: `sums` and `line` are pixelCount x channels.
  package func line(_ sums: FeatureMap, pixelCount: Int, into line: UnsafeMutablePointer<Float>) {
    switch sums.element {
    case .float32:
      epilogue.apply(sums.floats, rowStride: channels, rowCount: pixelCount, addend: nil, into: line)
    case .bfloat16:
      run(sums, addend: nil, pixelCount, into: line) { binade_normalize_line(&$0) }
    }
  }

  /// Makes a map.
  ///
  /// - Shape: `sums`, `addend` and `output` are pixelCount x channels.
  /// - Precondition: the elements of all are the same.
  package func map(_ sums: FeatureMap, addend: FeatureMap?, pixelCount: Int, into output: FeatureMap) {
    switch sums.element {
    case .float32:
      epilogue.apply(
        sums.floats,
        rowStride: channels,
        rowCount: pixelCount,
        addend: addend.map { UnsafePointer($0.floats) },
        into: output.floats
      )
    case .bfloat16:
      run(sums, addend: addend?.halves, pixelCount, into: output.halves) { binade_normalize_map(&$0) }
    }
  }

  private func run(
    _ sums: FeatureMap,
    addend: UnsafeMutablePointer<UInt16>?,
    _ pixelCount: Int,
    into output: UnsafeMutableRawPointer,
    _ body: (inout binade_normalize) -> Void
  ) {
    epilogue.scales.withUnsafeBufferPointer { scales in
      epilogue.bias.withUnsafeBufferPointer { bias in
        var job = binade_normalize(
          features: features.rawValue,
          applies_relu: epilogue.appliesReLU,
          row_count: pixelCount,
          channels: channels,
          scales: scales.baseAddress,
          bias: bias.baseAddress,
          z: sums.base,
          addend: addend,
          output: output
        )
        body(&job)
      }
    }
  }
}
