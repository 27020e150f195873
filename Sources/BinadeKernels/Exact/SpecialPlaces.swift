/// The outputs of a matrix product that NaN and infinite operands make NaN or infinite.
struct SpecialPlaces {
  private let a: CodedMatrix
  private let left: ExactValues
  private let b: CodedMatrix
  private let right: ExactValues
  /// For each row of A and each column of B, the steps of depth where a special code stands.
  private var rowSteps: [[Int]]
  private var columnSteps: [[Int]]

  /// Finds the special codes.
  init(_ a: CodedMatrix, _ left: ExactValues, _ b: CodedMatrix, _ right: ExactValues) {
    (self.a, self.left, self.b, self.right) = (a, left, b, right)
    rowSteps = Array(repeating: [], count: a.rows)
    columnSteps = Array(repeating: [], count: b.columns)
    for (index, code) in a.codes.enumerated() where left.part(code).isSpecial {
      rowSteps[index / a.columns].append(index % a.columns)
    }
    for (index, code) in b.codes.enumerated() where right.part(code).isSpecial {
      columnSteps[index % b.columns].append(index / b.columns)
    }
  }

  /// Calls `body` with the place and value of every output that is not finite.
  func visitOutputs(_ body: (Int, Double) -> Void) {
    for i in 0..<a.rows {
      for j in 0..<b.columns where !(rowSteps[i].isEmpty && columnSteps[j].isEmpty) {
        var sum = SpecialSum()
        for steps in [rowSteps[i], columnSteps[j]] {
          for p in steps {
            sum.addProduct(left.part(a.codes[i * a.columns + p]), right.part(b.codes[p * b.columns + j]))
          }
        }
        if let value = sum.value { body(i * b.columns + j, value) }
      }
    }
  }
}
