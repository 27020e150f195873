import BinadeNumerics

/// Matrix products of coded operands, in two formats if need be, on the cheapest datapath that is exact.
///
/// ```swift
/// let product = try CodedProduct(activations: e4m3, weights: int4, depth: 576)
/// print(product.datapath, product.kernelName, product.reason)
/// let c = product.multiply(activations, weights)   // float32
/// ```
///
/// Codes are decoded while the operands are packed. Scales of rows and columns stay outside: the caller applies them to
/// the results.
///
/// - Error: on integer datapaths every sum is exact and rounded once to float32. On float32 and bfloat16, products are exact where
///   `reason` says so, and sums are one fused multiply-add per product in the order of depth.
/// - Special values: NaN codes make NaN, infinities as in float32.
public struct CodedProduct: Sendable {
  private enum Operands: Sendable {
    case float(left: CodeTable<Float>, right: CodeTable<Float>)
    /// The sums of `float`, faster.
    case bfloat16(left: CodeTable<BFloat16>, right: CodeTable<BFloat16>, kernel: BFloat16MicroKernel)
    case int16(left: CodeTable<Int16>, right: CodeTable<Int16>, kernel: Int16MicroKernel)
    case bytes(left: CodeTable<UInt8>, right: CodeTable<Int8>, zero: UInt8, kernel: ByteMicroKernel)
    /// Formats of more than 16 bits have no tables.
    case wide(left: FormatCodec, right: FormatCodec)
  }

  /// What weights are packed for: others must not meet them.
  struct Identity: Sendable, Hashable {
    let formats: [String]
    let features: CPUFeatures
    let depth: Int
  }

  /// The arithmetic that was chosen.
  public let datapath: Datapath
  /// Why this datapath.
  public let reason: String
  private let operands: Operands
  private let formats: (left: any NumericFormat, right: any NumericFormat)
  /// Values of formats with NaN or infinities whose finite values are integers; nil where no code needs it.
  private let specials: (left: ExactValues, right: ExactValues)?
  private let floatKernel: FloatMicroKernel
  private let depth: Int
  private let identity: Identity
  /// What one unit of both operands is worth.
  private let unit: Double

  /// Prepares products of codes of `activations`, as rows, with codes of `weights`, as columns.
  ///
  /// `depth`: the products per sum, which decide whether integer sums fit.
  ///
  /// Throws `FormatError` when a format has no ladder.
  public init(
    activations: any NumericFormat,
    weights: any NumericFormat,
    depth: Int,
    features: CPUFeatures = .detected
  ) throws(FormatError) {
    formats = (activations, weights)
    self.depth = depth
    // All parameters of the formats, printed: names alone may repeat in files from outside.
    identity = Identity(
      formats: [String(reflecting: activations), String(reflecting: weights)],
      features: features,
      depth: depth
    )
    let codecs = (left: try FormatCodec(activations), right: try FormatCodec(weights))
    let (left, right) = (OperandValues(codecs.left), OperandValues(codecs.right))
    (datapath, reason) = Datapath.cheapest(weights: right, activations: left, depth: depth)
    let kernel = KernelTable.float32(for: features)
    floatKernel = datapath == .bfloat16 ? kernel.flushingSubnormals : kernel
    guard datapath != .float32, datapath != .bfloat16, let leftIntegers = left.integers,
      let rightIntegers = right.integers
    else {
      if let kernel = KernelTable.bfloat16(for: features), let leftValues = left.bfloat16s,
        let rightValues = right.bfloat16s,
        datapath == .bfloat16 || leftValues.sumsAreFloat32(with: rightValues)
      {
        operands = .bfloat16(
          left: CodeTable(leftValues.operands),
          right: CodeTable(rightValues.operands),
          kernel: kernel
        )
        unit = Double(left.floatUnit) * Double(right.floatUnit)
      } else if let leftFloats = left.floats, let rightFloats = right.floats {
        operands = .float(
          left: CodeTable(leftFloats),
          right: CodeTable(rightFloats)
        )
        unit = Double(left.floatUnit) * Double(right.floatUnit)
      } else {
        operands = .wide(left: codecs.left, right: codecs.right)
        unit = 1
      }
      specials = nil
      return
    }
    let values = (left: try ExactValues(activations), right: try ExactValues(weights))
    specials = values.left.hasSpecials || values.right.hasSpecials ? values : nil
    unit = Double(left.quantum) * Double(right.quantum)
    if datapath != .integer16, let bytes = left.unsignedBytes, let signed = right.signedBytes,
      let kernel = KernelTable.bytes(
        for: features,
        greatestProduct: bytes.greatest * right.greatestInteger
      )
    {
      operands = .bytes(
        left: CodeTable(bytes.values),
        right: CodeTable(signed),
        zero: bytes.zero,
        kernel: kernel
      )
    } else {
      operands = .int16(
        left: CodeTable(leftIntegers),
        right: CodeTable(rightIntegers),
        kernel: KernelTable.int16(for: features)
      )
    }
  }

  /// The kernel that multiplies, for reports.
  public var kernelName: String {
    switch operands {
    case .float, .wide: floatKernel.name
    case .bfloat16(_, _, let kernel): kernel.name
    case .int16(_, _, let kernel): kernel.name
    case .bytes(_, _, _, let kernel): kernel.name
    }
  }

  /// Returns a · b in float32.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, row-major.
  /// - Complexity: O(m·n·k); the result does not depend on the number of threads.
  /// - Precondition: `a.columns == b.rows`, which is at most the depth the product was made for, and codes are below
  ///   2^bitWidth.
  public func multiply(_ a: CodedMatrix, _ b: CodedMatrix, threads: Int = 1) -> [Float] {
    multiply(a, pack(b, threads: threads), threads: threads)
  }

  /// Decodes weights and lays them out for the kernel: packed once, used often.
  ///
  /// - Precondition: codes are below 2^bitWidth.
  public func pack(_ weights: CodedMatrix, threads: Int = 1) -> PackedWeights {
    weights.requireFit(bitWidth: formats.right.bitWidth)
    precondition(
      weights.rows <= depth,
      "sums of \(weights.rows) products in a product made for \(depth)"
    )
    let panels: PackedWeights.Panels =
      switch operands {
      case .float(_, let table):
        .float(packed(weights, table, floatKernel, start: nil, threads))
      case .bfloat16(_, let table, let kernel):
        .bfloat16(packed(weights, table, kernel, start: nil, threads))
      case .int16(_, let table, let kernel):
        .int16(packed(weights, table, kernel, start: nil, threads))
      case .bytes(_, let table, let zero, let kernel):
        .bytes(packed(weights, table, kernel, start: shift(weights, table, zero), threads))
      case .wide(_, let codec):
        .wide(packed(weights, decodedBy: codec, threads))
      }
    return PackedWeights(matrix: weights, panels: panels, product: identity)
  }

  /// Returns a · b in float32, with weights that this product packed.
  ///
  /// - Shape: as ``multiply(_:_:threads:)-(CodedMatrix,_,_)``.
  public func multiply(_ a: CodedMatrix, _ weights: PackedWeights, threads: Int = 1) -> [Float] {
    precondition(weights.product == identity, "weights packed for another product")
    let b = weights.matrix
    let count = a.productCount(with: b, bitWidths: (formats.left.bitWidth, formats.right.bitWidth))
    guard count > 0, a.columns > 0 else { return Array(repeating: 0, count: count) }
    var result: [Float]
    switch (operands, weights.panels) {
    case (.float(let table, _), .float(let columns)):
      result = Array(unsafeUninitializedCapacity: count) { c, initialized in
        if let c = c.baseAddress { run(a, table, floatKernel, columns, into: c, threads) }
        initialized = count
      }
      scale(&result)
    case (.bfloat16(let table, _, let kernel), .bfloat16(let columns)):
      result = Array(unsafeUninitializedCapacity: count) { c, initialized in
        if let c = c.baseAddress { run(a, table, kernel, columns, into: c, threads) }
        initialized = count
      }
      scale(&result)
    case (.int16(let table, _, let kernel), .int16(let columns)):
      result = scaled(count, rowStride: b.columns) {
        run(a, table, kernel, columns, into: $0, threads, finish: $1)
      }
    case (.bytes(let table, _, _, let kernel), .bytes(let columns)):
      result = scaled(count, rowStride: b.columns) {
        run(a, table, kernel, columns, into: $0, threads, finish: $1)
      }
    case (.wide(let codec, _), .wide(let columns)):
      let floats = a.codes.map { codec.decode($0) }
      result = Array(unsafeUninitializedCapacity: count) { c, initialized in
        floats.withUnsafeBufferPointer { floats in
          guard let c = c.baseAddress, let floats = floats.baseAddress else { return }
          MatrixProduct(kernel: floatKernel, columns: columns).run(
            MatrixRows(floats, depth: a.columns, group: 1),
            rowCount: a.rows,
            into: c,
            threads: threads
          )
        }
        initialized = count
      }
    default:
      preconditionFailure("weights packed for another product")
    }
    if let specials {
      SpecialPlaces(a, specials.left, b, specials.right).visitOutputs { result[$0] = Float($1) }
    }
    return result
  }

  /// What finishes a block of sums: its first element, its rows and its columns.
  private typealias Finish = (UnsafeMutablePointer<Int32>, Int, Int) -> Void

  /// The float32 values of integer sums that `compute` writes, converted where they lie, block by block.
  private func scaled(
    _ count: Int,
    rowStride: Int,
    _ compute: (UnsafeMutablePointer<Int32>, Finish) -> Void
  ) -> [Float] {
    // With a normal unit no result is subnormal, and the product with a power of two is exact.
    let exactUnit = self.unit
    let unit = Float(exactUnit)
    return Array(unsafeUninitializedCapacity: count) { c, initialized in
      guard let base = c.baseAddress else { return }
      let memory = UnsafeMutableRawPointer(base)
      compute(memory.bindMemory(to: Int32.self, capacity: count)) { block, rows, columns in
        for row in 0..<rows {
          let sums = block + row * rowStride
          let values = UnsafeMutableRawPointer(sums)
          // Two loops, so that the compiler vectorises the one that matters.
          if unit.isNormal {
            for column in 0..<columns {
              let value = Float(sums[column]) * unit
              values.storeBytes(of: value, toByteOffset: 4 * column, as: Float.self)
            }
          } else {
            for column in 0..<columns {
              let value = Float(Double(sums[column]) * exactUnit)
              values.storeBytes(of: value, toByteOffset: 4 * column, as: Float.self)
            }
          }
        }
      }
      _ = memory.bindMemory(to: Float.self, capacity: count)
      initialized = count
    }
  }

  private func packed(_ b: CodedMatrix, decodedBy codec: FormatCodec, _ threads: Int)
    -> PackedColumns<FloatMicroKernel>
  {
    b.codes.map { codec.decode($0) }.withUnsafeBufferPointer { floats in
      PackedColumns(
        MatrixColumns(floats, rowStride: b.columns),
        layout: DepthLayout(depth: b.rows),
        columnCount: b.columns,
        kernel: floatKernel,
        threads: threads
      )
    }
  }

  private func packed<Kernel: MicroKernel>(
    _ b: CodedMatrix,
    _ table: CodeTable<Kernel.ColumnOperand>,
    _ kernel: Kernel,
    start: [Kernel.Sum]?,
    _ threads: Int
  ) -> PackedColumns<Kernel> where Kernel.ColumnOperand: CodedOperand {
    func packed<Code: FixedWidthInteger>(_ codes: UnsafeBufferPointer<Code>) -> PackedColumns<Kernel> {
      PackedColumns(
        CodedColumns(codes, rowStride: b.columns, table: table),
        layout: DepthLayout(depth: b.rows),
        columnCount: b.columns,
        kernel: kernel,
        start: start,
        threads: threads
      )
    }
    return switch b.storage {
    case .bytes(let bytes): bytes.withUnsafeBufferPointer { packed($0) }
    case .words(let words): words.withUnsafeBufferPointer { packed($0) }
    }
  }

  private func run<Kernel: MicroKernel>(
    _ a: CodedMatrix,
    _ table: CodeTable<Kernel.RowOperand>,
    _ kernel: Kernel,
    _ columns: PackedColumns<Kernel>,
    into c: UnsafeMutablePointer<Kernel.Sum>,
    _ threads: Int,
    finish: (UnsafeMutablePointer<Kernel.Sum>, Int, Int) -> Void = { _, _, _ in }
  ) where Kernel.RowOperand: CodedOperand {
    let product = MatrixProduct(kernel: kernel, columns: columns)
    func run<Code: FixedWidthInteger>(_ codes: UnsafeBufferPointer<Code>) {
      guard let base = codes.baseAddress else { return }
      let rows = CodedRows(base, depth: a.columns, group: Kernel.depthGroup, table: table)
      product.run(rows, rowCount: a.rows, into: c, threads: threads, finish: finish)
    }
    switch a.storage {
    case .bytes(let bytes): bytes.withUnsafeBufferPointer { run($0) }
    case .words(let words): words.withUnsafeBufferPointer { run($0) }
    }
  }

  /// What shifted activations add to each sum, negated: the sum of a column times the byte that stands for 0.
  private func shift(_ b: CodedMatrix, _ table: CodeTable<Int8>, _ zero: UInt8) -> [Int32] {
    var sums = [Int32](repeating: 0, count: b.columns)
    guard zero != 0 else { return sums }
    let codes = b.codes
    for row in 0..<b.rows {
      for column in 0..<b.columns {
        sums[column] -= Int32(zero) * Int32(table.operands[Int(codes[row * b.columns + column])])
      }
    }
    return sums
  }

  private func scale(_ result: inout [Float]) {
    guard unit != 1 else { return }
    let factor = Float(unit)
    if Double(factor) == unit {
      for index in result.indices { result[index] *= factor }
    } else {
      // The product of two powers of two may leave float32's range when the results do not.
      for index in result.indices { result[index] = Float(Double(result[index]) * unit) }
    }
  }
}
