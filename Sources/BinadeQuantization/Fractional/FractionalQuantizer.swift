import BinadeNumerics

/// A quantizer between others: Σ p_i Q_i(x), of two neighbours on a chain (1 - p) Q_l(x) + p Q_u(x).
///
/// What it makes is of no format, so it runs on products of real numbers. A class: lines of pixels are many, and copies of quantizers for
/// each of them cost more than the line.
///
/// - Error: values are brought to the units of a format by a product and a quotient, and mixed by products and sums, each rounded to
///   float32.
/// - Source: methods.md 2.4.
public final class FractionalQuantizer: Sendable {
  /// The formats; nil takes every value for 0.
  private let sides: [Side?]
  /// What a unit of each format contributes to the mixture, and to the derivative by its share.
  private let factors: [Float], units: [Double]

  /// What values become, in units of its own.
  private enum Side: Sendable {
    case format(FormatSide)
    case grid(RealGrid, bound: Float)
    /// The values themselves, clipped.
    case values(bound: Float)

    func quantize(
      _ values: UnsafeBufferPointer<Float>,
      channels: Int,
      into output: UnsafeMutablePointer<Float>
    ) {
      switch self {
      case .format(let format): format.quantize(values, channels: channels, into: output)
      case .grid(let grid, let bound): grid.quantize(values, bound: bound, into: output)
      case .values(let bound):
        for index in values.indices { output[index] = max(-bound, min(bound, values[index])) }
      }
    }
  }

  /// A format with values up to a bound: values are brought to its units by a product, as the formula has it, for a step that float32
  /// rounds would move ties.
  private final class FormatSide: Sendable {
    let quantizer: Quantizer
    let steps: Float, bound: Float

    init(_ link: FormatChain.Link, bound: Double) {
      quantizer = Quantizer(link.codec, scales: .tensor(1))
      (steps, self.bound) = (Float(link.steps), Float(bound))
    }

    /// Writes values of the format, in its units.
    func quantize(
      _ values: UnsafeBufferPointer<Float>,
      channels: Int,
      into output: UnsafeMutablePointer<Float>
    ) {
      if bound == 1 {
        for index in values.indices { output[index] = max(-steps, min(steps, values[index] * steps)) }
      } else {
        for index in values.indices { output[index] = max(-steps, min(steps, values[index] * steps / bound)) }
      }
      let scaled = UnsafeBufferPointer(start: output, count: values.count)
      quantizer.fakeQuantize(scaled, channels: channels, into: output)
    }
  }

  /// A mixture of formats that fill -`bound` to `bound`, or 0 to `bound`.
  ///
  /// Of a grid between two the second side is the values themselves, without a share: the difference of the derivatives by both is that by
  /// the place.
  init(_ links: [FormatChain.Link?], _ mixture: FormatMixture, bound: Double) {
    if mixture.isGrid {
      let grid = RealGrid(links, mixture)
      let unit = Double(Float(bound)) / Double(Float(grid.steps))
      sides = [.grid(grid, bound: Float(bound)), .values(bound: Float(bound))]
      (factors, units) = ([Float(unit), 0], [grid.growth * unit, grid.growth])
      return
    }
    let own = mixture.formats.map { links[$0] }
    sides = own.map { $0.map { .format(FormatSide($0, bound: bound)) } }
    units = own.map { $0.map { Double(Float(bound)) / Double(Float($0.steps)) } ?? 0 }
    factors = zip(units, mixture.shares).map { Float($0 * $1) }
  }

  /// Formats of the mixture.
  public var count: Int { sides.count }

  /// Writes the mixture.
  ///
  /// - Shape: whole pixels of `channels`; as many in `output`, which may be where the values are.
  public func mix(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    each(values, channels, into: output, where: { factors[$0] != 0 }, body: { _, _ in })
  }

  /// Writes the mixture, and adds Σ g·Q_i(x) of each format to `products`: the derivatives of the loss by the shares.
  ///
  /// - Shape: `values` and `output` are pixels x `channels`, `gradients` pixels x `gradientStride`.
  public func mix(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    into output: UnsafeMutablePointer<Float>,
    gradients: UnsafePointer<Float>,
    gradientStride: Int,
    products: inout [Double]
  ) {
    each(values, channels, into: output) { index, line in
      let sum = (0..<values.count / channels).reduce(0.0) { sum, row in
        sum + Self.product(gradients + row * gradientStride, line + row * channels, count: channels)
      }
      products[index] += units[index] * sum
    }
  }

  /// Writes the mixture when all formats have read the values; calls `body` with the number of each format that has values but 0, and the
  /// line in its units.
  ///
  /// `isNeeded`: which formats; the mixture is that of them.
  private func each(
    _ values: UnsafeBufferPointer<Float>,
    _ channels: Int,
    into output: UnsafeMutablePointer<Float>,
    where isNeeded: (Int) -> Bool = { _ in true },
    body: (Int, UnsafePointer<Float>) -> Void
  ) {
    let count = values.count
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * count) { room in
      guard let line = room.baseAddress else { return }
      let mixed = line + count
      mixed.update(repeating: 0, count: count)
      for index in sides.indices where isNeeded(index) {
        sides[index]?.quantize(values, channels: channels, into: line)
        guard sides[index] != nil else { continue }
        let factor = factors[index]
        for place in 0..<count { mixed[place] += line[place] * factor }
        body(index, UnsafePointer(line))
      }
      output.update(from: mixed, count: count)
    }
  }

  /// Σ a·b in eight lanes, so that the order is the same on every instruction set.
  private static func product(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Double {
    var lanes = SIMD8<Float>.zero
    let whole = count / 8 * 8
    for index in stride(from: 0, to: whole, by: 8) {
      let left = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD8<Float>.self)
      lanes += left * UnsafeRawPointer(b + index).loadUnaligned(as: SIMD8<Float>.self)
    }
    return (whole..<count).reduce(Double(lanes.sum())) { $0 + Double(a[$1] * b[$1]) }
  }
}
