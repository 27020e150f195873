import CBinadeKernels

/// The vector operations on a tile of accumulators, by instruction set.
struct AccumulationTile: Sendable {
  enum InstructionSet: KernelRow {
    case avx2, avx512

    /// The fastest first.
    static let rows = [avx512, avx2]

    var required: CPUFeatures {
      switch self {
      case .avx2: .avx2
      case .avx512: .avx512
      }
    }
  }

  /// nil: plain Swift.
  let instructionSet: InstructionSet?

  /// The best that `features` has.
  init(_ features: CPUFeatures) {
    instructionSet = KernelTable.accumulation(for: features)
  }

  /// Rows of a tile.
  var rows: Int { Int(BINADE_ACCUMULATE_ROWS) }
  /// Columns of a tile.
  var columns: Int {
    Int(instructionSet == .avx512 ? BINADE_ACCUMULATE_COLUMNS_AVX512 : BINADE_ACCUMULATE_COLUMNS_AVX2)
  }
  var count: Int { rows * columns }

  var name: String {
    switch instructionSet {
    case .avx512: "avx512"
    case .avx2: "avx2"
    case nil: "portable"
    }
  }

  func accumulate(
    _ depth: Int,
    interval: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>,
    rowStride: Int,
    accumulate: Bool,
    _ rounding: binade_sum_rounding
  ) {
    withUnsafePointer(to: rounding) {
      if instructionSet == .avx512 {
        binade_accumulate_avx512(depth, interval, a, b, c, rowStride, accumulate, $0)
      } else {
        binade_accumulate_avx2(depth, interval, a, b, c, rowStride, accumulate, $0)
      }
    }
  }

  func accumulate(
    _ depth: Int,
    interval: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>,
    rowStride: Int,
    _ lanes: IntegerLanes
  ) {
    let function =
      instructionSet == .avx512 ? binade_accumulate_int_avx512 : binade_accumulate_int_avx2
    function(
      depth,
      interval,
      a,
      b,
      c,
      rowStride,
      lanes.scale,
      lanes.step,
      lanes.wraps,
      lanes.isSigned,
      lanes.bitWidth,
      lanes.least,
      lanes.greatest
    )
  }

  /// The exact sums of `count` products.
  func products(
    _ count: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    into out: UnsafeMutablePointer<Float>
  ) {
    (instructionSet == .avx512 ? binade_products_avx512 : binade_products_avx2)(count, a, b, out)
  }

  /// total = total + `count` products, summed in float64 and rounded once.
  func addProducts(
    _ count: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    to total: UnsafeMutablePointer<Float>,
    _ sum: SumRounding
  ) {
    let function = instructionSet == .avx512 ? binade_add_wide_avx512 : binade_add_wide_avx2
    switch sum {
    case .float32:
      function(count, a, b, total, total, false)
    case .element(let rounding):
      function(count, a, b, total, total, true)
      round(total, rounding)
    }
  }

  /// The accumulators `c` and `count` aligned products, summed.
  func align(
    _ count: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafePointer<Float>,
    into out: UnsafeMutablePointer<Float>,
    _ alignment: binade_alignment
  ) {
    withUnsafePointer(to: alignment) {
      (instructionSet == .avx512 ? binade_align_avx512 : binade_align_avx2)(count, a, b, c, out, $0)
    }
  }

  /// total = total + terms, rounded once.
  func add(
    _ terms: UnsafePointer<Float>,
    to total: UnsafeMutablePointer<Float>,
    _ sum: SumRounding
  ) {
    switch sum {
    case .float32:
      for index in 0..<count { total[index] += terms[index] }
    case .element(let rounding):
      (instructionSet == .avx512 ? binade_add_odd_avx512 : binade_add_odd_avx2)(count, total, terms, total)
      round(total, rounding)
    }
  }

  /// Rounds every element of a tile.
  func round(_ tile: UnsafeMutablePointer<Float>, _ rounding: ElementRounding) {
    switch rounding {
    case .closedForm(let form):
      withUnsafePointer(to: form) {
        (instructionSet == .avx512 ? binade_round_sums_avx512 : binade_round_sums_avx2)(count, tile, tile, $0)
      }
    case .codec(let codec):
      codec.roundTrip(UnsafeBufferPointer(start: tile, count: count), into: tile)
    }
  }
}

/// How the sum of two Floats is rounded.
enum SumRounding: Sendable {
  /// To the nearest float32.
  case float32
  /// To odd, then to a format.
  case element(ElementRounding)

  /// Nil where neither will do.
  init?(_ target: AccumulatorFormat) {
    // Lanes that cancel are +0; under `down` they would have to be -0.
    guard let codec = target.codec else { return nil }
    let hasNegativeZero = codec.reference.ladder.specials.negativeZero != nil
    if target.policy.rounding == .down, hasNegativeZero { return nil }
    if let form = binade_sum_rounding(target), form.grid == UInt32(BINADE_GRID_FLOAT) {
      guard form.rule == UInt32(BINADE_RULE_NEAREST_EVEN) else { return nil }
      self = .float32
    } else if let rounding = ElementRounding(target) {
      self = .element(rounding)
    } else {
      return nil
    }
  }
}

/// Accumulators that are integers in lanes of 32 bits.
struct IntegerLanes: Sendable {
  /// Makes every product an integer.
  var scale: Float
  /// What one is worth.
  var step: Float
  var wraps: Bool
  var isSigned: Bool
  var bitWidth: Int32
  var least: Int32
  var greatest: Int32
}
