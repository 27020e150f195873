import Foundation

/// What a data folder holds: images to evaluate on and, if there are any, training images to calibrate with.
public struct DatasetFolder: Sendable {
  /// The test images.
  public let evaluation: ImageDataset
  /// The training images; nil when the folder has none.
  public let training: ImageDataset?

  /// Data sets that are there.
  package init(evaluation: ImageDataset, training: ImageDataset?) {
    (self.evaluation, self.training) = (evaluation, training)
  }

  /// Opens a folder of CIFAR-10 or CIFAR-100 binary or MNIST IDX files, or one CIFAR-10 file.
  public init(_ url: URL) throws(NetworkError) {
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    guard manager.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw .unreadable(file: url.relativePath, reason: "no such file or folder")
    }
    func present(_ name: String) -> URL? {
      let file = url.appending(path: name)
      return manager.fileExists(atPath: file.path) ? file : nil
    }
    if !isFolder.boolValue {
      evaluation = try CIFAR10.read([url], name: "cifar10 \(url.lastPathComponent)")
      training = nil
    } else if let test = present("test_batch.bin") {
      evaluation = try CIFAR10.read([test], name: "cifar10 test")
      let batches = (1...5).compactMap { present("data_batch_\($0).bin") }
      training = batches.isEmpty ? nil : try CIFAR10.read(batches, name: "cifar10 train")
    } else if let test = present("test.bin") {
      evaluation = try CIFAR100.read(test, name: "cifar100 test")
      training = try present("train.bin").map { file throws(NetworkError) in
        try CIFAR100.read(file, name: "cifar100 train")
      }
    } else if let images = present("t10k-images-idx3-ubyte") {
      evaluation = try MNIST.read(
        images: images,
        labels: url.appending(path: "t10k-labels-idx1-ubyte"),
        name: "mnist test"
      )
      if let trainingImages = present("train-images-idx3-ubyte") {
        training = try MNIST.read(
          images: trainingImages,
          labels: url.appending(path: "train-labels-idx1-ubyte"),
          name: "mnist train"
        )
      } else {
        training = nil
      }
    } else {
      throw .noDataset(path: url.relativePath)
    }
  }
}
