import BinadeNumerics
import Foundation

/// Parameters drawn from a seed, by the names and shapes that are asked for.
struct RandomParameters: ParameterSource {
  let seed: UInt64
  var name: String { "random weights" }

  func values(_ name: String, _ extents: [Int]) -> [Float] {
    let count = extents.reduce(1, *)
    guard extents.count > 1 else {
      let isFactor = name.hasSuffix(".weight") || name.hasSuffix(".running_var")
      return Array(repeating: isFactor ? 1 : 0, count: count)
    }
    let deviation = (2 / Double(count / extents[0])).squareRoot()
    let generator = CounterGenerator(seed: seed, tensor: Self.number(of: name))
    return (0..<count).map { Float(deviation * Self.normal(generator, UInt64($0))) }
  }

  /// A tensor's number: FNV-1a of its name, so that no layer's weights depend on how many are before it.
  private static func number(of name: String) -> UInt32 {
    name.utf8.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
  }

  /// A normal number of two words (Box and Muller, 1958).
  private static func normal(_ generator: CounterGenerator, _ index: UInt64) -> Double {
    func uniform(_ element: UInt64) -> Double { (Double(generator.word(of: element)) + 0.5) / 0x1p32 }
    return (-2 * log(uniform(2 * index))).squareRoot() * cos(2 * .pi * uniform(2 * index + 1))
  }
}
