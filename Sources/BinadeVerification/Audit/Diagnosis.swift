/// Which known faults explain what a converter got wrong.
package struct Diagnosis: Sendable, Hashable, Codable {
  /// A fault and how much it explains.
  package struct Finding: Sendable, Hashable, Codable {
    /// The fault.
    package let name: String
    /// Wrong inputs for which a converter with this fault gives the code that was found.
    package let explainedCount: Int
    /// Whether a converter with this fault alone gives every code that was found.
    package let isComplete: Bool
  }

  /// The faults, the one that explains most first; empty when none does.
  package let findings: [Finding]
  /// Wrong inputs that no finding explains.
  package let unexplainedCount: Int
  /// These inputs, in order; not part of a report.
  package private(set) var unexplained: [Audit.Case] = []

  private enum CodingKeys: String, CodingKey { case findings, unexplainedCount }

  /// Compares the cases with every fault that the format can have.
  ///
  /// A fault that gives every code found, right and wrong, is the diagnosis. Otherwise those are listed that explain at
  /// least a twentieth of the wrong inputs and contradict fewer than they explain, the greatest difference first.
  package init(_ cases: [Audit.Case], of audit: Audit) {
    let wrong = cases.filter { $0.found != $0.expected }
    let right = cases.filter { $0.found == $0.expected }
    // A sample of what is right is enough to contradict a fault; what is wrong is compared whole.
    let sample =
      right.count <= 20_000
      ? right : stride(from: 0, to: right.count, by: right.count / 20_000).map { right[$0] }
    var rest = wrong
    var findings: [Finding] = []
    let hypotheses = HypothesisBuilder(audit).all()
    let contradictions = hypotheses.map { hypothesis in
      sample.count { audit.canonical(hypothesis.predict($0.input)) != $0.found }
    }
    while !rest.isEmpty, findings.count < 3 {
      let explained = hypotheses.map { hypothesis in
        rest.count { audit.canonical(hypothesis.predict($0.input)) == $0.found }
      }
      // What explains most and contradicts least; among equals the first.
      let scores = hypotheses.indices.map { explained[$0] - contradictions[$0] }
      guard let best = hypotheses.indices.max(by: { (scores[$0], -$0) < (scores[$1], -$1) }),
        scores[best] > 0,
        explained[best] * 20 >= wrong.count
      else { break }
      let isComplete = explained[best] == wrong.count && contradictions[best] == 0
      findings.append(
        Finding(name: hypotheses[best].name, explainedCount: explained[best], isComplete: isComplete)
      )
      let hypothesis = hypotheses[best]
      rest = rest.filter { audit.canonical(hypothesis.predict($0.input)) != $0.found }
    }
    self.findings = findings
    unexplainedCount = rest.count
    unexplained = rest
  }
}
