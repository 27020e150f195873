/// The outputs of a matrix product that NaN and infinite operands make NaN or infinite.
struct SpecialPlaces {
  private let left: ExactValues
  private let right: ExactValues
  /// The codes of A and B.
  private let a: [UInt32]
  private let b: [UInt32]
  private let depth: Int
  /// For each row of A and each column of B, the steps of depth where a special code stands.
  private var rowSteps: [[Int]]
  private var columnSteps: [[Int]]

  /// Finds the special codes.
  init(_ a: CodedMatrix, _ left: ExactValues, _ b: CodedMatrix, _ right: ExactValues) {
    (self.left, self.right) = (left, right)
    (self.a, self.b, depth) = (a.codes, b.codes, a.columns)
    rowSteps = Array(repeating: [], count: a.rows)
    columnSteps = Array(repeating: [], count: b.columns)
    for (index, code) in self.a.enumerated() where left.part(code).isSpecial {
      rowSteps[index / a.columns].append(index % a.columns)
    }
    for (index, code) in self.b.enumerated() where right.part(code).isSpecial {
      columnSteps[index % b.columns].append(index / b.columns)
    }
  }

  /// Calls `body` with the place and value of every output that is not finite.
  func visitOutputs(_ body: (Int, Double) -> Void) {
    let columns = columnSteps.count
    for i in rowSteps.indices {
      for j in columnSteps.indices where !(rowSteps[i].isEmpty && columnSteps[j].isEmpty) {
        var sum = SpecialSum()
        for steps in [rowSteps[i], columnSteps[j]] {
          for p in steps {
            sum.addProduct(left.part(a[i * depth + p]), right.part(b[p * columns + j]))
          }
        }
        if let value = sum.value { body(i * columns + j, value) }
      }
    }
  }
}
