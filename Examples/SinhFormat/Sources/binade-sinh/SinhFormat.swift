import Binade
import Foundation

/// `sinh<n>_a<k>`: n bits, values sinh(k·x) / sinh(k) for x from -1 to 1 in even steps; dense near zero.
struct SinhFormat: NumericFormat {
  let info: FormatInfo
  let steepness: Int

  func decode(_ code: UInt32) -> Double {
    let greatest = (1 << (bitWidth - 1)) - 1
    let integer = Int(code) > greatest ? Int(code) - (1 << bitWidth) : Int(code)
    return sinh(Double(steepness * integer) / Double(greatest)) / sinh(Double(steepness))
  }

  /// Without the most negative code, so that the values are symmetric.
  func isEncodable(_ code: UInt32) -> Bool { code != 1 << (bitWidth - 1) }
}
