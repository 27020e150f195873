import Binade
import Foundation

/// The other side of a comparison: takes a sample whenever it is asked to.
struct BenchWorker {
  /// The first line: what will be measured.
  private struct Description: Encodable {
    let name: String
    let datapath: String
    let kernel: String
    let workCount: Int
    let unit: BenchWorkload.Unit
    let threads: Int
    let cpuFeatures: [String]
    let binadeVersion: String
    let runsPerSample: Int
    let facts: [String: Int]
  }

  let options: BenchOptions

  /// Describes the workload, then answers every line of the console's input with the seconds of one run.
  func serve(_ workload: BenchWorkload, console: Console) throws {
    let work = TimedWork(workload, leastSeconds: options.seconds)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let description = Description(
      name: workload.name,
      datapath: workload.datapath,
      kernel: workload.kernel,
      workCount: workload.workCount,
      unit: workload.unit,
      threads: options.threads,
      cpuFeatures: CPUFeatures.detected.names,
      binadeVersion: BinadeVersion.current,
      runsPerSample: work.runsPerSample,
      facts: workload.facts
    )
    console.write(String(decoding: try encoder.encode(description), as: UTF8.self))
    while console.readLine() != nil {
      console.write("\(work.sample())")
    }
  }
}
