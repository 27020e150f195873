import Binade
import Foundation

/// The inside of a network on some images, a few `.npy` files per layer and `layers.json`.
struct LayerArrays {
  /// What `layers.json` says of a layer.
  struct Facts: Encodable {
    let name: String
    /// The first part of the names of the layer's files.
    let files: String
    let datapath: Datapath
    let stride: Int
    let padding: Int
    let groups: Int
    let addsResidual: Bool
    let appliesReLU: Bool
    let weightScales: [Float]
    let inputScales: [Float]
    let weightZeroPoint: Int
    let inputZeroPoint: Int
  }

  private let folder: OutputFolder
  private let network: CompiledNetwork
  private let experiment: Experiment

  init(folder: OutputFolder, _ network: CompiledNetwork, _ experiment: Experiment) {
    self.folder = folder
    self.network = network
    self.experiment = experiment
  }

  /// Runs the network on the first images, one after the other, and writes what goes into and comes out of each layer.
  func write(imageCount: Int) throws {
    let layers = network.folded.layers.indices.map { network.inspection(ofLayer: $0) }
    let names = layers.map { $0.name.split(separator: "/").joined(separator: "_") }
    for (layer, name) in zip(layers, names) {
      let shape = layer.shape
      try write(
        layer.weights,
        [shape.outputChannels, shape.groupInputChannels, shape.kernelHeight, shape.kernelWidth],
        "\(name).weight.npy"
      )
      try write(layer.bias, [shape.outputChannels], "\(name).bias.npy")
    }
    try writeMaps(layers, names, imageCount: imageCount)
    let explanation = network.explanation
    let facts = layers.indices.map { index in
      Facts(
        name: layers[index].name,
        files: names[index],
        datapath: explanation[index].datapath,
        stride: layers[index].shape.stride,
        padding: layers[index].shape.padding,
        groups: layers[index].shape.groups,
        addsResidual: layers[index].addsResidual,
        appliesReLU: layers[index].appliesReLU,
        weightScales: layers[index].weightScales,
        inputScales: layers[index].inputScales,
        weightZeroPoint: layers[index].zeroPoints.weights,
        inputZeroPoint: layers[index].zeroPoints.activations
      )
    }
    try folder.write(try JSONText.encode(facts) + "\n", as: "layers.json")
  }

  /// Three arrays per layer, image by image: nothing but one image is held.
  private func writeMaps(_ layers: [LayerInspection], _ names: [String], imageCount: Int) throws {
    func writer(_ name: String, _ channels: Int, _ height: Int, _ width: Int) throws -> ArrayWriter {
      try ArrayWriter(
        folder.url.appending(path: name).path,
        apartFrom: [],
        type: .float32,
        shape: [imageCount, channels, height, width]
      )
    }
    let shapes = layers.map(\.shape)
    func inputs(_ kind: String) throws -> [ArrayWriter] {
      try zip(shapes, names).map {
        try writer("\($1).\(kind).npy", $0.inputChannels, $0.inputHeight, $0.inputWidth)
      }
    }
    let (before, quantized) = (try inputs("input"), try inputs("quantized"))
    let after = try zip(shapes, names).map {
      try writer("\($1).output.npy", $0.outputChannels, $0.outputHeight, $0.outputWidth)
    }
    let images = experiment.evaluator.images
    let session = InferenceSession(network)
    for image in 0..<imageCount {
      images.copyImage(image, normalization: experiment.evaluator.normalization, into: session.input())
      var failure: (any Error)?
      func attempt(_ body: () throws -> Void) {
        guard failure == nil else { return }
        do { try body() } catch { failure = error }
      }
      _ = session.run(firstImage: image) { layer, input in
        attempt {
          try FloatArrayFile.append(input.channelsFirst, to: before[layer])
          let rounded = input.mapped { network.quantizedInput($0, image: image, ofLayer: layer) }
          try FloatArrayFile.append(rounded, to: quantized[layer])
        }
      } outputs: { layer, output in
        attempt { try FloatArrayFile.append(output.channelsFirst, to: after[layer]) }
      }
      if let failure { throw failure }
    }
    for writer in before + quantized + after { try writer.finish() }
  }

  private func write(_ values: [Float], _ shape: [Int], _ name: String) throws {
    try FloatArrayFile.write(values, shape: shape, to: folder.url.appending(path: name).path)
  }
}
