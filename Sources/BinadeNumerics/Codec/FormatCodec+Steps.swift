/// A place in the order of all Float32 where a conversion changes its code.
package struct CodeStep: Sendable {
  /// The first input by its place in the order of all: negative NaNs, -infinity to infinity, NaNs.
  package let key: UInt32
  /// The code from here on.
  package let code: UInt32

  /// The first input.
  package var input: Float { FloatKey(rawValue: key).value }
}

extension FormatCodec {
  /// The conversion written out, of formats of up to 16 bits that do not wrap around; the first key is 0.
  ///
  /// - Complexity: O(n log n) in the number of codes: it is made anew.
  package var steps: [CodeStep]? {
    guard case .table = engine, let ladder = reference.ladder as? EnumeratedLadder else { return nil }
    return StepFunction(ladder: ladder, policy: policy).steps.map {
      CodeStep(key: $0.start.rawValue, code: $0.code)
    }
  }
}
