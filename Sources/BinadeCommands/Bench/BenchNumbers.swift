import Binade
import Foundation

/// Random numbers that are the same in every run.
enum BenchNumbers {
  /// `count` numbers of the standard normal distribution, by Box and Muller from counted random words.
  static func normal(_ count: Int, tensor: UInt32) -> [Float] {
    let words = CounterGenerator(seed: 1, tensor: tensor)
    return (0..<count).map { index in
      let radius = (Double(words.word(of: UInt64(2 * index))) + 0.5) * 0x1p-32
      let angle = Double(words.word(of: UInt64(2 * index + 1))) * 0x1p-32
      return Float((-2 * log(radius)).squareRoot() * cos(2 * .pi * angle))
    }
  }
}
