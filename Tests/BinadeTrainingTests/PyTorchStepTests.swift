import BinadeNetworks
import BinadeTraining
import Foundation
import Testing

/// The engine beside a recorded PyTorch run (Recorded/record_steps.py): 20 steps on stored batches.
@Suite struct PyTorchStepTests {
  private static let recorded = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Recorded/resnet8-20steps.safetensors")
  private static let models = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "models/mnist5k")

  @Test("losses agree within 1e-4, parameters and running statistics within 1e-5 of the greatest of a tensor")
  func steps() throws {
    let file = try SafetensorsFile(contentsOf: Self.recorded)
    let losses = try JSONDecoder().decode(
      [Double].self,
      from: Data(try #require(file.metadata["losses"]).utf8)
    )
    let model = try Model(contentsOf: Self.models.appending(path: "resnet8-mnist5k.safetensors"))
    let images = try #require(try DatasetFolder(Self.models).training)
    var recipe = TrainingRecipe()
    recipe.batch = 64
    recipe.weightDecay = 1e-4
    recipe.weightDecayScope = .all
    let trainer = try Trainer(
      model.architecture.graph,
      model.parameters,
      images: images,
      normalization: model.normalization,
      recipe: recipe,
      threads: 2
    )
    for (step, loss) in losses.enumerated() {
      var batch = [Float](repeating: 0, count: 64 * images.imageShape.count)
      var labels: [Int] = []
      for image in 64 * step..<64 * step + 64 {
        let place = (image - 64 * step) * images.imageShape.count
        batch.withUnsafeMutableBufferPointer {
          images.copyImage(image, normalization: model.normalization, into: $0.baseAddress! + place)
        }
        labels.append((images.label(image) + (image % 8 == 0 ? 1 : 0)) % 10)
      }
      let report = try trainer.step(
        images: batch,
        labels: labels,
        values: StepValues(learningRate: 0.001, momentum: 0.9)
      )
      #expect(abs(report.loss - loss) <= 1e-4, "step \(step): \(report.loss), PyTorch \(loss)")
    }
    for entry in trainer.parameters.layout.entries {
      let expected = try file.tensor(entry.name).values
      let found = trainer.parameters[entry.name]
      let greatest = max(1, expected.map(abs).max() ?? 0)
      let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
      #expect(difference <= 1e-5 * greatest, "\(entry.name): \(difference)")
    }
  }
}
