/// Where a search of formats was after each epoch, and right before and right after formats were chosen.
public struct SearchHistory: Sendable, Hashable {
  /// One moment.
  public struct Entry: Sendable, Hashable, Codable {
    /// Steps since the beginning.
    public let step: Int
    /// Whether formats had been chosen.
    public let isChosen: Bool
    /// What the network cost.
    public let cost: Double
    /// The share of the evaluation images that were right.
    public let accuracy: Double
    /// Bits of each searched operand, in the order of ``SearchHistory/operands``; of channels their mean.
    public let bits: [Double]
  }

  /// The searched operands: `LAYER.weights`, `LAYER.inputs`.
  public private(set) var operands: [String] = []
  /// In their order.
  public private(set) var entries: [Entry] = []

  private static let columns = ["step", "chosen", "cost", "accuracy"]

  /// A search without a past.
  public init() {}

  /// Takes a moment down.
  mutating func add(_ report: SearchReport, step: Int, accuracy: Double) {
    let all = report.layers.flatMap { layer in
      [("\(layer.name).weights", layer.weightBits), ("\(layer.name).inputs", layer.inputBits)]
    }
    operands = all.compactMap { $0.1 == nil ? nil : $0.0 }
    entries.append(
      Entry(
        step: step,
        isChosen: report.isChosen,
        cost: report.cost,
        accuracy: accuracy,
        bits: all.compactMap(\.1)
      )
    )
  }

  /// A line for each moment.
  public var csv: String {
    guard !entries.isEmpty else { return "" }
    let lines = entries.map { entry in
      ["\(entry.step)", entry.isChosen ? "1" : "0", "\(entry.cost)", "\(entry.accuracy)"]
        + entry.bits.map { "\($0)" }
    }
    return ([Self.columns + operands] + lines).map { $0.joined(separator: ",") }.joined(separator: "\n")
      + "\n"
  }

  /// Reads what ``csv`` wrote; nil for other text.
  public init?(csv: String) {
    let lines = csv.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    guard let header = lines.first else { return }
    guard header.count > 4, header.prefix(4).map(String.init) == Self.columns else { return nil }
    operands = header.dropFirst(4).map(String.init)
    for line in lines.dropFirst() {
      let bits = line.dropFirst(4).compactMap { Double($0) }
      guard line.count == header.count, bits.count == operands.count, let step = Int(line[0]),
        let cost = Double(line[2]), let accuracy = Double(line[3]), ["0", "1"].contains(line[1])
      else { return nil }
      entries.append(
        Entry(step: step, isChosen: line[1] == "1", cost: cost, accuracy: accuracy, bits: bits)
      )
    }
  }
}
