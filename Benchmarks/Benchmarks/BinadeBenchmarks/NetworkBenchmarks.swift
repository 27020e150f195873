import Benchmark
import Binade
import Foundation

/// The embedded network over a hundred digits, from bytes to classes, one thread.
func networkBenchmarks() {
  for format in [nil, "int8", "float8_e4m3fn"] {
    Benchmark("resnet8-mnist5k \(format ?? "float32"), 100 images") { benchmark in
      let experiment = try embeddedExperiment()
      var configuration = Configuration()
      if let format {
        let catalog = try FormatCatalog()
        configuration.weights = try QuantizerSpecification(
          parsing: format,
          catalog: catalog,
          granularity: .channel
        )
        configuration.activations = try QuantizerSpecification(
          parsing: format,
          catalog: catalog,
          granularity: .tensor
        )
      }
      let network = try experiment.compile(configuration)
      benchmark.startMeasurement()
      let predictions = experiment.evaluator.predictions(of: network)
      benchmark.stopMeasurement()
      blackHole(predictions)
    }
  }
}

/// What ships with Binade's commands, read from the sources beside this package.
private func embeddedExperiment() throws -> Experiment {
  let models = URL(filePath: #filePath).appending(path: "../../../../models/mnist5k").standardizedFileURL
  return try Experiment(
    model: Model(contentsOf: models.appending(path: "resnet8-mnist5k.safetensors")),
    data: DatasetFolder(models),
    imageLimit: 100,
    options: Experiment.Options(calibrationImageCount: 32, threads: 1)
  )
}
