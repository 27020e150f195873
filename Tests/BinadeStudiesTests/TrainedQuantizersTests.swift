import BinadeEvaluation
import BinadeFormats
import BinadeModelFiles
import BinadeNetworks
import BinadeStudies
import BinadeTraining
import Foundation
import Testing

/// An exported network with its quantizers: read again, it gives the bits of the training network.
@Suite struct TrainedQuantizersTests {
  static let data = try? DatasetFolder(EmbeddedModels.mnistFolder)

  private static func recipe(_ weights: String, _ inputs: String, _ method: String) throws -> TrainingRecipe {
    var recipe = TrainingRecipe()
    for (key, value) in [
      ("epochs", "1"), ("batch", "50"), ("weights", weights), ("activations", inputs), ("ends", "int8"),
      ("quantization", method), ("trackedShare", "0.3"), ("flip", "false"),
    ] { try recipe.set(key, to: value) }
    return recipe
  }

  @Test(
    "written, read and run on 1,000 images: 0 logits differ",
    arguments: [
      ("int8", "int8", "aqt"), ("int4", "int4", "lsq"), ("float8_e4m3fn", "float8_e4m3fn", "lsq"),
      ("posit8", "posit8", "clipped"), ("nf4", "nf4", "lsq"), ("int4_narrow", "uint4:tensor:max:down", "aqt"),
      ("int2", "int2", "pact-calibrated"), ("int4_midrise", "int4", "dorefa"),
      ("int3_midrise", "int3", "sat"),
    ]
  )
  func exported(weights: String, inputs: String, method: String) throws {
    let folder = try ResultStoreTests.Folder()
    let catalog = try FormatCatalog()
    let data = try #require(Self.data)
    let images = try #require(data.training).prefix(200)
    let start = try Model(untrained: "resnet8-cifar:x0.5", for: images, seed: 1)
    let graph = start.architecture.graph
    let recipe = try Self.recipe(weights, inputs, method)
    let trainer = try Trainer(
      graph,
      start.parameters,
      images: images,
      normalization: start.normalization,
      recipe: recipe,
      quantization: recipe.quantization(graph.weightedLayers.map(\.name), catalog),
      threads: 2
    )
    while !trainer.isDone { try trainer.step() }
    let file = URL(filePath: folder.path("trained.safetensors"))
    try Model.write(
      start.architecture,
      trainer.exported(start.architecture).parameters,
      start.normalization,
      metadata: trainer.exportMetadata,
      to: file
    )
    let model = try Model(contentsOf: file)
    let configuration = try #require(try Configuration(trained: model, catalog: catalog))
    let experiment = try Experiment(
      model: model,
      data: data,
      imageLimit: nil,
      options: Experiment.Options(threads: 2)
    )
    let served = experiment.evaluator.logits(of: try experiment.compile(configuration))
    let evaluated = Evaluator(images: data.evaluation, normalization: start.normalization, threads: 2)
    #expect(served == evaluated.logits(of: try trainer.deployed()))
    // In the training forward itself, running statistics, the same.
    let shape = data.evaluation.imageShape
    var pixels = [Float](repeating: 0, count: 100 * shape.count)
    pixels.withUnsafeMutableBufferPointer { buffer in
      for image in 0..<100 {
        guard let base = buffer.baseAddress else { return }
        data.evaluation.copyImage(image, normalization: start.normalization, into: base + image * shape.count)
      }
    }
    let trained = trainer.logits(images: pixels, usesRunningStatistics: true)
    #expect(trained == Array(served.prefix(trained.count)))
    // Scales that are looked for anew give another network.
    var plain = configuration
    plain.trained = nil
    #expect(experiment.evaluator.logits(of: try experiment.compile(plain)) != served)
  }

  @Test(
    "weights are exported as quantizers read them: without quantizers it is nearly the same network",
    arguments: ["dorefa", "sat"]
  )
  func floats(method: String) throws {
    let catalog = try FormatCatalog()
    let data = try #require(Self.data)
    let images = try #require(data.training).prefix(200)
    let start = try Model(untrained: "resnet8-cifar:x0.5", for: images, seed: 1)
    var recipe = try Self.recipe("int8_midrise", "int8", method)
    try recipe.set("averageDecay", to: "0.5")
    let trainer = try Trainer(
      start.architecture.graph,
      start.parameters,
      images: images,
      normalization: start.normalization,
      recipe: recipe,
      quantization: recipe.quantization(start.architecture.graph.weightedLayers.map(\.name), catalog),
      threads: 2
    )
    while !trainer.isDone { try trainer.step() }
    let (architecture, parameters) = try trainer.exported(start.architecture)
    let model = Model(
      name: "trained",
      architecture,
      parameters,
      start.normalization,
      metadata: trainer.exportMetadata
    )
    let experiment = try Experiment(
      model: model,
      data: data,
      imageLimit: 200,
      options: Experiment.Options(threads: 2)
    )
    let result = try experiment.run(try #require(try Configuration(trained: model, catalog: catalog)))
    #expect(result.warnings.isEmpty && (result.weightSignalToQuantizationNoiseInDecibels ?? 0) > 25)
    #expect(result.outputs.agreement > 0.5, "\(result.outputs.agreement)")
    let served = experiment.evaluator.logits(of: try trainer.deployed())
    #expect(
      Predictions(logits: served, labels: experiment.evaluator.images.labels).top1Outcomes
        == result.top1Outcomes
    )
  }

  @Test("quantizers that are not those of the network are refused")
  func others() throws {
    let data = try #require(Self.data)
    let start = try Model(untrained: "resnet8-cifar:x0.25", for: data.evaluation, seed: 1)
    let recipe = try Self.recipe("int4", "int4", "lsq")
    let catalog = try FormatCatalog()
    func model(_ state: String) -> Model {
      Model(
        name: "m",
        start.architecture,
        start.parameters,
        start.normalization,
        metadata: ["recipe": recipe.text, TrainedQuantizers.key: state]
      )
    }
    for state in [
      "nolayer weights scales 1", "conv1 weights scales", "conv1 weights scales -1",
      "conv1 weights scales nan", "conv1 weights normalized 1",
    ] {
      let model = model(state)
      let configuration = try #require(try Configuration(trained: model, catalog: catalog))
      #expect(throws: TrainingError.self) {
        _ = try configuration.trained?.compiled(model.architecture.graph, model.parameters)
      }
    }
    #expect(try Configuration(trained: start, catalog: catalog) == nil)
  }
}
