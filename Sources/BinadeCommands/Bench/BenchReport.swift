import Binade
import Foundation

/// The middle and the ends of some samples.
struct Spread: Encodable {
  let median: Double
  let least: Double
  let greatest: Double

  /// Summarises `values`; nil when there are none.
  init?(_ values: [Double]) {
    let sorted = values.sorted()
    guard let first = sorted.first, let last = sorted.last else { return nil }
    let middle = sorted.count / 2
    median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    least = first
    greatest = last
  }
}

/// What was measured of one row.
struct BenchResult: Encodable {
  let name: String
  let format: String
  let datapath: String
  let kernel: String
  let workCount: Int
  let unit: BenchWorkload.Unit
  let multiplyAccumulateCount: Int?
  let facts: [String: Int]
  let runsPerSample: Int
  /// Seconds of one run, sample by sample.
  let samples: [Double]
  let seconds: Spread?
  /// Seconds of the float32 twin over seconds of the row, of the samples taken together: above 1, the row is
  /// faster.
  let speedAgainstFloat32: Spread?

  init(
    row: BenchRow,
    workload: BenchWorkload,
    seconds: [Double],
    twinSeconds: [Double],
    runsPerSample: Int
  ) {
    name = row.name
    format = row.format
    datapath = workload.datapath
    kernel = workload.kernel
    workCount = workload.workCount
    unit = workload.unit
    multiplyAccumulateCount = workload.multiplyAccumulateCount
    facts = workload.facts
    self.runsPerSample = runsPerSample
    samples = seconds
    self.seconds = Spread(seconds)
    speedAgainstFloat32 = Spread(zip(twinSeconds, seconds).map { $0 / $1 })
  }

  /// Units per second at the median.
  var rate: Double { Double(workCount) / (seconds?.median ?? .infinity) }

  /// The part of `peak` multiply-accumulates per second that the row reaches at the median.
  func share(ofPeak peak: Double) -> Double? {
    multiplyAccumulateCount.map { Double($0) / (seconds?.median ?? .infinity) / peak }
  }
}

/// All rows, and the machine they were measured on.
struct BenchReport: Encodable {
  private struct Row: Encodable {
    let result: BenchResult
    let peak: Double

    private enum Key: CodingKey { case unitsPerSecond, shareOfPeak }

    func encode(to encoder: any Encoder) throws {
      try result.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(result.rate, forKey: .unitsPerSecond)
      try container.encodeIfPresent(result.share(ofPeak: peak), forKey: .shareOfPeak)
    }
  }

  let binadeVersion = BinadeVersion.current
  let cpuFeatures = CPUFeatures.detected.names
  let threads: Int
  /// Multiply-accumulates in float32 per second, on registers.
  let peakMultiplyAccumulatesPerSecond: Double
  let peakInstructionSet = ProcessorPeak.instructionSet()
  /// Bytes resident at the peak of this process, from its start; nil where the system does not say.
  let peakMemoryByteCount = PeakMemory.byteCount
  private let rows: [Row]

  init(options: BenchOptions, rows: [BenchResult], peak: Double) {
    threads = options.threads
    peakMultiplyAccumulatesPerSecond = peak
    self.rows = rows.map { Row(result: $0, peak: peak) }
  }

  /// The rows as a table.
  var text: String {
    var table = TextTable(columns: [
      .init("what", .left), .init("format", .left), .init("datapath", .left), .init("kernel", .left),
      .init("ms (least to greatest)"), .init("rate"), .init("unit", .left), .init("of peak"),
      .init("x float32 (least to greatest)"),
    ])
    for row in rows {
      let result = row.result
      table.append([
        result.name, result.format, result.datapath, result.kernel,
        Self.cell(result.seconds, scale: 1e3),
        Self.number(result.rate / result.unit.rateDivisor), result.unit.rateName,
        result.share(ofPeak: row.peak).map { String(format: "%.0f %%", 100 * $0) } ?? "-",
        Self.cell(result.speedAgainstFloat32, scale: 1),
      ])
    }
    let peak = String(format: "%.1f GMAC/s", peakMultiplyAccumulatesPerSecond / 1e9)
    let memory = peakMemoryByteCount.map { " Memory at most \($0 / 1_000_000) MB." } ?? ""
    return """
      Peak \(peak), float32 \(peakInstructionSet), \(threads) thread\(threads == 1 ? "" : "s").\(memory)

      \(table.text)
      """
  }

  private static func cell(_ spread: Spread?, scale: Double) -> String {
    guard let spread else { return "-" }
    let (least, greatest) = (number(scale * spread.least), number(scale * spread.greatest))
    return "\(number(scale * spread.median)) (\(least) to \(greatest))"
  }

  /// Three significant digits.
  private static func number(_ value: Double) -> String {
    let digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : value >= 0.1 ? 3 : 4
    return String(format: "%.\(digits)f", value)
  }
}
