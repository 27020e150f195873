import BinadeNumerics
import CBinadeKernels

/// Conversion of whole tensors between Float32 and codes, fused with their scales.
///
/// `x ~ scale * value(code)`: an element is divided by its scale (one rounding to Float32), then encoded (one rounding
/// to the format). Binary floats, integers and fixed point of up to 24 bits have a closed form in vectors; other
/// formats of up to 16 bits one table lookup and one comparison; the rest goes through the codec element by element.
///
/// - Error: none beyond these roundings: all paths give the bits of ``FormatCodec``, for every input.
/// - Complexity: O(n). Results do not depend on the number of threads or the instruction set.
public struct BulkCodec: Sendable {
  enum Engine: Sendable {
    case closedForm(ClosedForm)
    case steps(StepTable)
    case elements
  }

  /// The twin: the conversion of one element.
  public let codec: FormatCodec
  let engine: Engine
  let row: CodecRow
  /// The values of the codes, of formats of up to 16 bits whose codes do not decode by a formula.
  let values: [Float]

  /// Elements that a thread converts at a time.
  private static let pieceLength = 1 << 16

  /// Finds the fastest path for `codec` among the instruction sets in `features`.
  ///
  /// - Complexity: O(n log n) in the number of codes.
  public init(_ codec: FormatCodec, features: CPUFeatures = .detected) {
    self.init(codec, row: CodecRow.select(features))
  }

  /// The path of `codec` on one row of closed-form kernels.
  package init(_ codec: FormatCodec, row: CodecRow) {
    self.codec = codec
    self.row = row
    var decodesByFormula = false
    if let form = ClosedForm(codec) {
      engine = .closedForm(form)
      decodesByFormula = form.decodes
    } else if let table = StepTable(codec) {
      engine = .steps(table)
    } else {
      engine = .elements
    }
    let bitWidth = UInt32(codec.info.bitWidth)
    values = decodesByFormula || bitWidth > 16 ? [] : (0..<UInt32(1) << bitWidth).map { codec.decode($0) }
  }

  /// Which path was found, for reports.
  public var path: String {
    switch engine {
    case .closedForm: "closed form, \(row.name)"
    case .steps(let table): table.path
    case .elements: "element by element"
    }
  }

  // MARK: Encoding

  /// Encodes `input` into `codes`, one byte per element.
  ///
  /// - Shape: `codes` holds at least `input.count` elements and does not overlap `input`.
  /// - Precondition: the format has at most 8 bits; the scales fit the number of elements.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    scales: BulkScales = .one,
    threads: Int = 1,
    into codes: UnsafeMutablePointer<UInt8>
  ) {
    encode(input, scales, threads, codes) { codec.encode($0, into: $1) }
  }

  /// Encodes `input` into `codes`, two bytes per element.
  ///
  /// - Shape: `codes` holds at least `input.count` elements and does not overlap `input`.
  /// - Precondition: the format has at most 16 bits; the scales fit the number of elements.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    scales: BulkScales = .one,
    threads: Int = 1,
    into codes: UnsafeMutablePointer<UInt16>
  ) {
    encode(input, scales, threads, codes) { codec.encode($0, into: $1) }
  }

  /// Encodes `input` into `codes`, four bytes per element.
  ///
  /// - Shape: `codes` holds at least `input.count` elements and does not overlap `input`.
  /// - Precondition: the scales fit the number of elements.
  public func encode(
    _ input: UnsafeBufferPointer<Float>,
    scales: BulkScales = .one,
    threads: Int = 1,
    into codes: UnsafeMutablePointer<UInt32>
  ) {
    encode(input, scales, threads, codes) { codec.encode($0, into: $1) }
  }

  /// Encodes into codes of any width; `elements` is what converts where neither a closed form nor a table does.
  @inline(__always)
  private func encode<Code: FixedWidthInteger & UnsignedInteger>(
    _ input: UnsafeBufferPointer<Float>,
    _ scales: BulkScales,
    _ threads: Int,
    _ codes: UnsafeMutablePointer<Code>,
    elements: (UnsafeBufferPointer<Float>, UnsafeMutablePointer<Code>) -> Void
  ) {
    precondition(codec.info.bitWidth <= Code.bitWidth, "\(Code.self) is too narrow for '\(codec.info.name)'")
    let byteCount = UInt32(MemoryLayout<Code>.size)
    forEachSpan(of: input, scales, threads) { source, start, scaling in
      let target = codes + start
      switch engine {
      case .closedForm(let form):
        withUnsafePointer(to: form.parameters) {
          row.encode(source.baseAddress, source.count, $0, scaling, byteCount, target)
        }
      case .steps(let table) where byteCount <= 2:
        table.encode(source, scaling, into: target)
      case .steps, .elements:
        withQuotients(of: source, scaling) { elements($0, target) }
      }
    }
  }

  /// Rounds to the values of the format at the scales: reals to reals through codes.
  ///
  /// - Shape: `output` holds at least `input.count` elements and may be `input`.
  /// - Precondition: the scales fit the number of elements.
  public func fakeQuantize(
    _ input: UnsafeBufferPointer<Float>,
    scales: BulkScales = .one,
    threads: Int = 1,
    into output: UnsafeMutablePointer<Float>
  ) {
    forEachSpan(of: input, scales, threads) { source, start, scaling in
      round(source, scaling, into: output + start)
    }
  }

  /// Divides by one scale and rounds to the values of the format, given in multiples of `unit`, a power of two.
  ///
  /// For lines that are short and many: no memory is taken.
  ///
  /// - Shape: `output` holds at least `input.count` elements and may be `input`.
  package func round(
    _ input: UnsafeBufferPointer<Float>,
    scale: Float,
    unit: Float,
    into output: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: scale) { scale in
      let scaling = binade_scaling(
        scales: scale,
        block_length: input.count,
        place: 0,
        channels: 0,
        least: nil,
        greatest: nil,
        factor: 1 / unit
      )
      round(input, scaling, into: output)
    }
  }

  @inline(__always)
  private func round(
    _ source: UnsafeBufferPointer<Float>,
    _ scaling: binade_scaling,
    into target: UnsafeMutablePointer<Float>
  ) {
    switch engine {
    case .closedForm(let form):
      withUnsafePointer(to: form.parameters) {
        row.round(source.baseAddress, source.count, $0, scaling, target)
      }
    case .steps(let table): table.round(source, scaling, into: target)
    case .elements:
      withQuotients(of: source, scaling) { codec.roundTrip($0, into: target) }
      binade_scale_values(target, source.count, scaling)
    }
  }

  /// Divides by the scales alone, limits included.
  ///
  /// - Shape: `quotients` holds `input.count` elements and may be `input`.
  package func divide(
    _ input: UnsafeBufferPointer<Float>,
    by scales: BulkScales,
    into quotients: UnsafeMutablePointer<Float>
  ) {
    forEachSpan(of: input, scales, 1) { source, start, scaling in
      binade_divide(source.baseAddress, source.count, scaling, quotients + start)
    }
  }

  // MARK: Decoding

  /// Decodes one byte per element.
  ///
  /// - Shape: `output` holds at least `codes.count` elements and does not overlap `codes`.
  /// - Precondition: the scales fit the number of elements; no code has bits beyond the format's.
  public func decode(
    _ codes: UnsafeBufferPointer<UInt8>,
    scales: BulkScales = .one,
    threads: Int = 1,
    into output: UnsafeMutablePointer<Float>
  ) {
    decodeCodes(codes, scales, threads, output)
  }

  /// Decodes two bytes per element.
  ///
  /// - Shape: `output` holds at least `codes.count` elements and does not overlap `codes`.
  /// - Precondition: the scales fit the number of elements; no code has bits beyond the format's.
  public func decode(
    _ codes: UnsafeBufferPointer<UInt16>,
    scales: BulkScales = .one,
    threads: Int = 1,
    into output: UnsafeMutablePointer<Float>
  ) {
    decodeCodes(codes, scales, threads, output)
  }

  /// Decodes four bytes per element.
  ///
  /// - Shape: `output` holds at least `codes.count` elements and does not overlap `codes`.
  /// - Precondition: the scales fit the number of elements; no code has bits beyond the format's.
  public func decode(
    _ codes: UnsafeBufferPointer<UInt32>,
    scales: BulkScales = .one,
    threads: Int = 1,
    into output: UnsafeMutablePointer<Float>
  ) {
    decodeCodes(codes, scales, threads, output)
  }

  @inline(__always)
  private func decodeCodes<Code: FixedWidthInteger & UnsignedInteger>(
    _ codes: UnsafeBufferPointer<Code>,
    _ scales: BulkScales,
    _ threads: Int,
    _ output: UnsafeMutablePointer<Float>
  ) {
    precondition(codec.info.bitWidth <= Code.bitWidth, "\(Code.self) is too narrow for '\(codec.info.name)'")
    forEachSpan(codes.count, scales, threads) { span, scaling in
      decode(UnsafeBufferPointer(rebasing: codes[span]), scaling, output + span.lowerBound)
    }
  }

  @inline(__always)
  private func decode<Code: FixedWidthInteger & UnsignedInteger>(
    _ codes: UnsafeBufferPointer<Code>,
    _ scaling: binade_scaling,
    _ output: UnsafeMutablePointer<Float>
  ) {
    if case .closedForm(let form) = engine, form.decodes {
      withUnsafePointer(to: form.parameters) {
        row.decode(codes.baseAddress, UInt32(MemoryLayout<Code>.size), codes.count, $0, scaling, output)
      }
      return
    }
    if values.isEmpty {
      for index in 0..<codes.count { output[index] = codec.decode(UInt32(codes[index])) }
    } else {
      values.withUnsafeBufferPointer { values in
        for index in 0..<codes.count {
          // A code with bits beyond the format's must not read elsewhere.
          precondition(Int(codes[index]) < values.count, "a code has bits beyond the format's")
          output[index] = values[Int(codes[index])]
        }
      }
    }
    binade_scale_values(output, codes.count, scaling)
  }

  // MARK: Spans

  /// Calls `body` with parts of the input: the elements, where they begin, and their scales.
  @inline(__always)
  private func forEachSpan(
    of input: UnsafeBufferPointer<Float>,
    _ scales: BulkScales,
    _ threads: Int,
    _ body: (UnsafeBufferPointer<Float>, Int, binade_scaling) -> Void
  ) {
    forEachSpan(input.count, scales, threads) { span, scaling in
      body(UnsafeBufferPointer(rebasing: input[span]), span.lowerBound, scaling)
    }
  }

  @inline(__always)
  private func forEachSpan(
    _ count: Int,
    _ scales: BulkScales,
    _ threads: Int,
    _ body: (Range<Int>, binade_scaling) -> Void
  ) {
    scales.check(elementCount: count)
    let pieceCount = (count + Self.pieceLength - 1) / Self.pieceLength
    ParallelLoop.run(count: pieceCount, threads: threads) { piece in
      let start = piece * Self.pieceLength
      scales.forEachSpan(of: start..<min(start + Self.pieceLength, count), in: count, body)
    }
  }

  /// Calls `body` with the quotients of a part.
  @inline(__always)
  private func withQuotients(
    of source: UnsafeBufferPointer<Float>,
    _ scaling: binade_scaling,
    _ body: (UnsafeBufferPointer<Float>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: source.count) { quotients in
      binade_divide(source.baseAddress, source.count, scaling, quotients.baseAddress)
      body(UnsafeBufferPointer(quotients))
    }
  }
}
