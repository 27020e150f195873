import Binade
import Foundation
import Testing

/// The trained CIFAR networks and PyTorch's results for them; not part of the repository.
enum SharedData {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let environment = ProcessInfo.processInfo.environment

  static let models =
    (environment["BINADE_DATA"].map { URL(filePath: $0) } ?? root.appending(path: "../shared/data"))
    .appending(path: "models")
  /// CIFAR-10 as binary files.
  static let cifar10 = environment["BINADE_CIFAR10"].map { URL(filePath: $0) }

  static var hasModels: Bool {
    FileManager.default.fileExists(atPath: models.appending(path: "resnet20-cifar10.safetensors").path)
  }

  static var hasAll: Bool { hasModels && cifar10 != nil }

  static func experiment(_ model: String, limit: Int? = nil) throws -> Experiment {
    try Experiment(
      model: Model(contentsOf: models.appending(path: "\(model).safetensors")),
      data: DatasetFolder(#require(cifar10)),
      imageLimit: limit,
      options: Experiment.Options(threads: ProcessInfo.processInfo.activeProcessorCount)
    )
  }
}

@Suite(
  .enabled(
    if: SharedData.hasAll,
    "needs the trained CIFAR networks in BINADE_DATA/models and CIFAR-10 (binary) in BINADE_CIFAR10"
  ),
  .serialized
)
struct SharedDataTests {
  @Test(
    "as many images right as PyTorch, give or take 2",
    arguments: [("resnet20-cifar10", 8103), ("resnet32-cifar10", 8256), ("resnet20-cifar10jpeg", 8814)]
  )
  func accuracy(model: String, right: Int) throws {
    let experiment = try SharedData.experiment(model)
    #expect(experiment.imageCount == 10_000)
    #expect(abs(experiment.baseline.top1Count - right) <= 2, "\(experiment.baseline.top1Count)")
  }

  @Test(
    "logits of 512 images are within 1e-3 of PyTorch's",
    arguments: ["resnet20-cifar10", "resnet32-cifar10", "resnet20-cifar10jpeg"]
  )
  func logits(model: String) throws {
    let experiment = try SharedData.experiment(model, limit: 512)
    let found = experiment.evaluator.logits(of: CompiledNetwork(experiment.model.network), limit: 512)
    let file = try Data(contentsOf: SharedData.models.appending(path: "\(model).logits512.npy"))
    // Version 1 header of 118 bytes after the magic string, then 512 x 10 little-endian float32.
    let expected = file.dropFirst(file.count - 4 * 5120).withUnsafeBytes {
      Array($0.bindMemory(to: Float.self))
    }
    #expect(found.count == expected.count)
    let differences = zip(found, expected).map { abs($0 - $1) }
    #expect(differences.allSatisfy { $0 < 1e-3 }, "\(differences.max() ?? .nan)")
  }

  @Test("int8 loses at most 0.3 points, int4 with 8-bit ends gives 84.8 ± 1.5 %, int2 far less")
  func quantized() throws {
    let experiment = try SharedData.experiment("resnet20-cifar10jpeg")
    func accuracy(_ format: String, ends: String? = nil) throws -> Double {
      var configuration = Configuration(
        weights: try ExperimentTests.specification("\(format):channel:max", .channel),
        activations: try ExperimentTests.specification("\(format):tensor:max", .tensor)
      )
      configuration.ends = try ends.map {
        Configuration.Ends(
          weights: try ExperimentTests.specification("\($0):channel:max", .channel),
          activations: try ExperimentTests.specification("\($0):tensor:max", .tensor)
        )
      }
      return try experiment.run(configuration).top1Accuracy
    }
    #expect(try accuracy("int8") >= 0.8784)
    #expect(abs(try accuracy("int4", ends: "int8") - 0.848) <= 0.015)
    #expect(try accuracy("int2", ends: "int8") < 0.4)
  }

  @Test(
    "post-training quantization: what PyTorch has for naive recipes; the best loses a point at most at W4A4"
  )
  func recipes() throws {
    let experiment = try SharedData.experiment("resnet20-cifar10jpeg")
    func accuracy(_ recipe: String, _ weights: String?, _ activations: String?) throws -> Double {
      try experiment.run(
        PostTrainingTests.configuration(recipe, weights: weights, activations: activations)
      ).top1Accuracy
    }
    // An independent implementation, give or take 0.3 points for conventions.
    #expect(abs(try accuracy("naive", "int8", "int8") - 0.8810) <= 0.003)
    #expect(abs(try accuracy("naive", "int4", nil) - 0.866) <= 0.003)
    #expect(abs(try accuracy("naive+bias", "int4", nil) - 0.871) <= 0.003)
    #expect(abs(try accuracy("naive", nil, "int4") - 0.867) <= 0.003)
    #expect(abs(try accuracy("aciq-after-relu+tensor", nil, "int4") - 0.851) <= 0.003)
    #expect(abs(try accuracy("naive", "int4", "int4") - 0.848) <= 0.003)
    #expect(try accuracy("best", "int4", "int4") >= 0.8814 - 0.01)
    #expect(try accuracy("best", "int3", "int4") >= 0.8814 - 0.01)
  }
}
