import CBinadeKernels

/// Where a feature map lies in memory, and what its elements are.
package struct FeatureMap {
  /// What is stored: float32, or what is nearest to it in bfloat16, in half the bytes.
  package enum Element: Sendable {
    case float32, bfloat16

    /// Bytes of an element.
    package var byteCount: Int { self == .float32 ? 4 : 2 }
  }

  package let base: UnsafeMutableRawPointer
  package let element: Element

  package init(_ base: UnsafeMutableRawPointer, _ element: Element) {
    (self.base, self.element) = (base, element)
  }

  /// A map of float32.
  package init(_ base: UnsafeMutablePointer<Float>) { self.init(UnsafeMutableRawPointer(base), .float32) }

  /// The map from its element `count` on.
  package static func + (map: FeatureMap, count: Int) -> FeatureMap {
    FeatureMap(map.base + count * map.element.byteCount, map.element)
  }

  /// The elements as they are.
  ///
  /// - Precondition: they are float32.
  package var floats: UnsafeMutablePointer<Float> {
    precondition(element == .float32, "a map of bfloat16 is read as float32")
    return base.assumingMemoryBound(to: Float.self)
  }

  /// The elements as they are.
  ///
  /// - Precondition: they are bfloat16.
  package var halves: UnsafeMutablePointer<UInt16> {
    precondition(element == .bfloat16, "a map of float32 is read as bfloat16")
    return base.assumingMemoryBound(to: UInt16.self)
  }

  /// The first `count` elements as float32: where they lie if they are that, else in `room`.
  package func read(_ count: Int, _ room: UnsafeMutablePointer<Float>, _ features: CPUFeatures = .detected)
    -> UnsafePointer<Float>
  {
    switch element {
    case .float32: return UnsafePointer(floats)
    case .bfloat16:
      binade_widen_bf16(features.rawValue, halves, count, room)
      return UnsafePointer(room)
    }
  }

  /// Writes the first `count` elements.
  ///
  /// - Error: those of bfloat16 are rounded to nearest even.
  package func write(
    _ count: Int,
    from values: UnsafePointer<Float>,
    _ features: CPUFeatures = .detected
  ) {
    switch element {
    case .float32: floats.update(from: values, count: count)
    case .bfloat16: binade_narrow_bf16(features.rawValue, values, count, halves)
    }
  }
}
