/// A step function of Float32 compiled to tables: one lookup by the top 16 bits of the input, then one
/// comparison, or a short search where several steps share a bucket.
///
/// A bucket spans 2^-7 of a binade, so formats of up to 7 stored significand bits never search. The time then
/// does not depend on what the format is.
struct EncodeTable: Sendable, Equatable {
  /// One bucket of 65,536 inputs with at most one step in it.
  struct Bucket: Sendable, Equatable {
    /// Inputs from here on get `second`.
    var threshold: UInt32
    var first: UInt16
    var second: UInt16
  }

  /// One bucket: where its segments begin, and how many there are.
  struct Span: Sendable, Equatable {
    var start: UInt32
    var count: UInt32
  }

  private enum Layout: Sendable, Equatable {
    case single([Bucket])
    case search(spans: [Span], starts: [UInt32], codes: [UInt16])
  }

  private let layout: Layout

  init(_ function: StepFunction) {
    var spans: [Span] = []
    var starts: [UInt32] = []
    var codes: [UInt16] = []
    spans.reserveCapacity(65_536)
    Self.forEachBucketSegments(of: function.steps) { segments in
      spans.append(Span(start: UInt32(starts.count), count: UInt32(segments.count)))
      for segment in segments {
        starts.append(segment.start)
        codes.append(segment.code)
      }
    }
    if spans.allSatisfy({ $0.count <= 2 }) {
      layout = .single(
        spans.map { span in
          let first = Int(span.start)
          let last = first + Int(span.count) - 1
          return Bucket(threshold: starts[last], first: codes[first], second: codes[last])
        }
      )
    } else {
      layout = .search(spans: spans, starts: starts, codes: codes)
    }
  }

  /// Whether every input is found with one comparison.
  var isSingleComparison: Bool {
    if case .single = layout { return true }
    return false
  }

  func code(for value: Float) -> UInt16 {
    let bits = value.bitPattern
    let bucket = Int(bits >> 16)
    switch layout {
    case .single(let buckets):
      let entry = buckets[bucket]
      return bits >= entry.threshold ? entry.second : entry.first
    case .search(let spans, let starts, let codes):
      var low = Int(spans[bucket].start)
      var count = Int(spans[bucket].count)
      while count > 1 {
        let half = count / 2
        if starts[low + half] <= bits { low += half }
        count -= half
      }
      return codes[low]
    }
  }

  /// Applies `body` to the code of every input, in order.
  ///
  /// - Complexity: O(n); inlined so that the loop is compiled with its body.
  @inline(__always)
  func forEachCode(of input: UnsafeBufferPointer<Float>, _ body: (Int, UInt16) -> Void) {
    switch layout {
    case .single(let buckets):
      buckets.withUnsafeBufferPointer { buckets in
        for index in 0..<input.count {
          let bits = input[index].bitPattern
          let entry = buckets[Int(bits >> 16)]
          body(index, bits >= entry.threshold ? entry.second : entry.first)
        }
      }
    case .search(let spans, let starts, let codes):
      spans.withUnsafeBufferPointer { spans in
        starts.withUnsafeBufferPointer { starts in
          codes.withUnsafeBufferPointer { codes in
            for index in 0..<input.count {
              let bits = input[index].bitPattern
              let span = spans[Int(bits >> 16)]
              var low = Int(span.start)
              var count = Int(span.count)
              while count > 1 {
                let half = count / 2
                low = starts[low + half] <= bits ? low + half : low
                count -= half
              }
              body(index, codes[low])
            }
          }
        }
      }
    }
  }

  /// Cuts the steps into buckets by the top 16 bits of the raw pattern, each with its segments ascending in the
  /// raw pattern.
  ///
  /// Negative inputs descend in value, so their buckets are walked from the top.
  private static func forEachBucketSegments(
    of steps: [StepFunction.Step],
    _ body: ([(start: UInt32, code: UInt16)]) -> Void
  ) {
    func indexOfStep(containing key: UInt32) -> Int {
      var low = 0
      var high = steps.count - 1
      while low < high {
        let middle = (low + high + 1) / 2
        if steps[middle].start.rawValue <= key { low = middle } else { high = middle - 1 }
      }
      return low
    }
    for bucket in UInt32(0)..<65_536 {
      let firstBits = bucket << 16
      let lastBits = firstBits | 0xFFFF
      var segments: [(start: UInt32, code: UInt16)] = []
      if bucket < 0x8000 {
        var index = indexOfStep(containing: firstBits | 0x8000_0000)
        segments.append((firstBits, UInt16(steps[index].code)))
        while index + 1 < steps.count, steps[index + 1].start.rawValue <= lastBits | 0x8000_0000 {
          index += 1
          segments.append((steps[index].start.bits, UInt16(steps[index].code)))
        }
      } else {
        var index = indexOfStep(containing: ~firstBits)
        segments.append((firstBits, UInt16(steps[index].code)))
        while steps[index].start.rawValue > ~lastBits {
          // The raw pattern after the last one of this step belongs to the step below.
          segments.append((~(steps[index].start.rawValue - 1), UInt16(steps[index - 1].code)))
          index -= 1
        }
      }
      body(segments)
    }
  }
}
