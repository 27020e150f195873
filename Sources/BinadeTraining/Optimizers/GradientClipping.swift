import BinadeNetworks

/// Scales a gradient down whose Euclidean norm over all parameters is above a limit.
///
/// - Source: Pascanu, Mikolov and Bengio, ICML 2013.
enum GradientClipping {
  /// Scales `gradient`; returns its norm before.
  static func apply(_ limit: Double?, to gradient: inout [Float], _ layout: ParameterLayout) -> Double {
    var sum = 0.0
    for entry in layout.entries where entry.role.isTrainable {
      for place in entry.range { sum += Double(gradient[place]) * Double(gradient[place]) }
    }
    let norm = sum.squareRoot()
    guard let limit, norm > limit else { return norm }
    let factor = Float(limit / norm)
    for entry in layout.entries where entry.role.isTrainable {
      for place in entry.range { gradient[place] *= factor }
    }
    return norm
  }
}
