import ArgumentParser
import Binade
import Foundation

/// Options that write the numbers inside a network, for those who check them with something else.
struct NetworkArrayOptions: ParsableArguments {
  @Option(help: "A .npy file for the logits: float32, images x classes.")
  var logits: String?

  @Option(
    help: """
      A folder for the inside of the network on the first images, float32 in PyTorch's order: for each layer \
      NAME.output.npy, NAME.input.npy, NAME.quantized.npy (the input as it is multiplied), NAME.weight.npy and \
      NAME.bias.npy, so that output = ReLU(convolution(quantized, weight) + bias + residual); layers.json says which parts \
      a layer has.
      """
  )
  var layerOutputs: String?

  @Option(help: "How many images --layer-outputs is about.")
  var layerOutputImages = 8

  func validate() throws {
    guard layerOutputImages >= 1 else {
      throw ValidationError("--layer-output-images must be at least 1, found \(layerOutputImages)")
    }
    if let logits, !logits.hasSuffix(".npy") {
      throw ValidationError("--logits writes a .npy file; '\(logits)' ends otherwise")
    }
  }

  /// Refuses the options where the network changes from batch to batch.
  func refuse(with option: String) throws {
    for (name, value) in [("--logits", logits), ("--layer-outputs", layerOutputs)] where value != nil {
      throw ValidationError(
        "\(option) makes a network of its own for each batch; \(name) writes one network: leave one of them out"
      )
    }
  }

  /// Writes what was asked for.
  func write(_ network: CompiledNetwork, _ experiment: Experiment) throws {
    if let logits {
      let values = experiment.evaluator.logits(of: network, limit: experiment.imageCount)
      try FloatArrayFile.write(
        values,
        shape: [experiment.imageCount, values.count / experiment.imageCount],
        to: logits
      )
    }
    if let layerOutputs {
      try LayerArrays(folder: OutputFolder(layerOutputs), network, experiment).write(
        imageCount: min(layerOutputImages, experiment.imageCount)
      )
    }
  }
}

/// Float32 arrays as `.npy` files.
enum FloatArrayFile {
  /// Writes a whole array under a temporary name and renames it.
  static func write(_ values: [Float], shape: [Int], to path: String) throws {
    let writer = try ArrayWriter(path, apartFrom: [], type: .float32, shape: shape)
    try append(values, to: writer)
    try writer.finish()
  }

  static func append(_ values: [Float], to writer: ArrayWriter) throws {
    try values.withUnsafeBytes { try writer.append($0) }
  }
}
