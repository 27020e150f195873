/// Operations on feature maps that have no weights, in Float32; channels innermost.
package enum FeatureMaps {
  /// a + b, then ReLU if asked for.
  package static func add(
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>,
    count: Int,
    appliesReLU: Bool
  ) {
    if appliesReLU {
      for index in 0..<count {
        let sum = a[index] + b[index]
        output[index] = sum < 0 ? 0 : sum
      }
    } else {
      for index in 0..<count { output[index] = a[index] + b[index] }
    }
  }

  /// ReLU; NaN stays.
  package static func rectify(
    _ input: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    for index in 0..<count { output[index] = input[index] < 0 ? 0 : input[index] }
  }
}
