/// A kernel that needs an instruction set: a row of a table.
protocol KernelRow: Sendable {
  /// What the processor must have.
  var required: CPUFeatures { get }
}

extension Sequence where Element: KernelRow {
  /// Those that `features` allow.
  func rows(for features: CPUFeatures) -> [Element] { filter { features.isSuperset(of: $0.required) } }
}

/// The one place where kernels are chosen: the first row of a table that the processor allows.
///
/// The tables stand with their kernels (`FloatMicroKernel.rows`, ...). Callers ask once per layer; nothing below tests a feature.
package enum KernelTable {
  /// The float32 kernel for `features`.
  package static func float32(for features: CPUFeatures = .detected) -> FloatMicroKernel {
    FloatMicroKernel.rows.rows(for: features).first ?? .portable
  }

  /// The kernel for operands that are bfloat16 values, nil where float32 kernels are to compute the same sums.
  static func bfloat16(for features: CPUFeatures) -> BFloat16MicroKernel? {
    BFloat16MicroKernel.rows.rows(for: features).first
  }

  /// The instruction set for sums that round as they grow; nil for plain Swift.
  static func accumulation(for features: CPUFeatures) -> AccumulationTile.InstructionSet? {
    AccumulationTile.InstructionSet.rows.rows(for: features).first
  }

  /// The int16 kernel for `features`.
  package static func int16(for features: CPUFeatures = .detected) -> Int16MicroKernel {
    Int16MicroKernel.rows.rows(for: features).first ?? .portable
  }

  /// The kernel for bytes whose products are at most `greatestProduct`, nil where 16-bit operands are faster.
  package static func bytes(
    for features: CPUFeatures = .detected,
    greatestProduct: Int
  ) -> ByteMicroKernel? {
    ByteMicroKernel.rows(greatestProduct: greatestProduct).rows(for: features)
      .first { $0.required != .portable }
  }

  /// The kernel for products of powers on `features`.
  package static func logarithmic(for features: CPUFeatures = .detected) -> LogarithmicMicroKernel {
    LogarithmicMicroKernel.rows.rows(for: features).first ?? .portable
  }

  /// Every float32 row that can run here, for tests and benchmarks.
  package static var float32Rows: [FloatMicroKernel] { FloatMicroKernel.rows.rows(for: .detected) }

  /// Every int16 row that can run here.
  package static var int16Rows: [Int16MicroKernel] { Int16MicroKernel.rows.rows(for: .detected) }

  /// Every row for bytes that can run here with products of at most `greatestProduct`.
  package static func byteRows(greatestProduct: Int) -> [ByteMicroKernel] {
    ByteMicroKernel.rows(greatestProduct: greatestProduct).rows(for: .detected)
  }

  /// Every row for products of powers that can run here.
  package static var logarithmicRows: [LogarithmicMicroKernel] {
    LogarithmicMicroKernel.rows.rows(for: .detected)
  }
}
