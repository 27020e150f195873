import Foundation

/// The loaders that are given inputs, a case each.
///
/// An input may be refused, with any error; what it must not do is trap, hang, leak, or come back changed where a target
/// says that it comes back.
enum FuzzTarget: String, CaseIterable {
  case definition, codebook, block, safetensors, npy, idx, cifar, certificate, results

  /// What is done with one input.
  var loader: (Data) -> Void {
    switch self {
    case .definition: Definitions.whole
    case .codebook: Definitions.codebook
    case .block: Definitions.block
    case .safetensors: WeightFiles.load
    case .npy: Arrays.header
    case .idx: DataSets.idx
    case .cifar: DataSets.cifar
    case .certificate: Documents.certificate
    case .results: Documents.results
    }
  }
}

/// The loader of this process, where libFuzzer's callback finds it.
enum Running {
  nonisolated(unsafe) static var loader: ((Data) -> Void)?
}

/// A file in memory that inputs are written to, for loaders that take files.
enum ScratchFile {
  /// `name`: one per file that a loader wants at the same time.
  static func write(_ data: Data, as name: String) -> URL {
    let folder = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    let url = URL(filePath: folder).appending(path: "binade-fuzz-\(getpid())-\(name)")
    guard (try? data.write(to: url)) != nil else { preconditionFailure("\(url.path) cannot be written") }
    return url
  }

  static func remove(_ url: URL) { try? FileManager.default.removeItem(at: url) }
}
