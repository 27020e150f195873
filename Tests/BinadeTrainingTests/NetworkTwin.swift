import BinadeKernels
import BinadeNetworks

/// Training of a whole network as the formulas read: node by node, unfused, in Double.
///
/// - Shape: images are height x width x channels, one after another.
struct NetworkTwin {
  /// What can be wrong, for tests that see it caught.
  enum PlantedBug: CaseIterable {
    case reluPassesZeros, kernelsNotTurned, secondMomentDropped, meanOverFullBatch, biasedRunningVariance
    case shortcutForgotten, smoothingForgotten
  }

  let graph: NetworkGraph
  let layout: ParameterLayout
  var smoothing = 0.0
  var bug: PlantedBug?

  init(_ graph: NetworkGraph) {
    self.graph = graph
    layout = ParameterLayout(graph)
  }

  struct Result {
    var loss = 0.0
    /// In the layout of the parameters; running statistics hold what they become, momentum 0.1.
    var gradient: [Double] = []
    var statistics: [Double] = []
  }

  private func values(_ name: String, _ parameters: [Double]) -> [Double] {
    layout[name].map { Array(parameters[$0.range]) } ?? []
  }

  /// Mean loss and gradients over a batch.
  func run(_ parameters: [Double], _ images: [Double], labels: [Int]) -> Result {
    let count = labels.count
    var outputs: [[Double]] = []
    var normalizations: [Int: ReferenceNormalizationGradient] = [:]
    for (index, node) in graph.nodes.enumerated() {
      let inputs = node.inputs.map { outputs[$0] }
      switch node.operation {
      case .input: outputs.append(images)
      case .convolution, .linear:
        guard let shape = graph.convolutionShape(of: node) else { continue }
        var sums = ReferenceConvolutionGradient(shape)
          .forward(inputs[0], values("\(node.name).weight", parameters), imageCount: count)
        let bias = values("\(node.name).bias", parameters)
        if !bias.isEmpty { for place in sums.indices { sums[place] += bias[place % bias.count] } }
        outputs.append(sums)
      case .batchNormalization:
        let twin = ReferenceNormalizationGradient(
          inputs[0],
          scales: values("\(node.name).weight", parameters),
          epsilon: 1e-5
        )
        normalizations[index] = twin
        outputs.append(twin.output(shifts: values("\(node.name).bias", parameters)))
      case .relu: outputs.append(inputs[0].map { max($0, 0) })
      case .add: outputs.append(zip(inputs[0], inputs[1]).map { $0 + $1 })
      case .unweighted(let layer):
        outputs.append(
          map(count, node.shape.count) { image, target in
            let size = graph.nodes[node.inputs[0]].shape
            inputs[0].withUnsafeBufferPointer {
              layer.compute($0.baseAddress! + image * size.count, size, into: target)
            }
          }
        )
      }
    }
    var result = Result()
    var gradients = graph.nodes.map { [Double](repeating: 0, count: count * $0.shape.count) }
    (result.loss, gradients[graph.nodes.count - 1]) = loss(outputs[graph.nodes.count - 1], labels)
    result.gradient = [Double](repeating: 0, count: layout.count)
    result.statistics = parameters
    for (index, node) in graph.nodes.enumerated().reversed() {
      backward(index, node, outputs, normalizations[index], parameters, count, &gradients, &result)
    }
    return result
  }

  private func backward(
    _ index: Int,
    _ node: NetworkGraph.Node,
    _ outputs: [[Double]],
    _ normalization: ReferenceNormalizationGradient?,
    _ parameters: [Double],
    _ count: Int,
    _ gradients: inout [[Double]],
    _ result: inout Result
  ) {
    let upstream = gradients[index]
    func add(_ gradient: [Double], to input: Int) {
      for place in gradient.indices { gradients[input][place] += gradient[place] }
    }
    func set(_ name: String, _ gradient: [Double]) {
      if let range = layout[name]?.range { result.gradient.replaceSubrange(range, with: gradient) }
    }
    switch node.operation {
    case .input: break
    case .convolution, .linear:
      guard let shape = graph.convolutionShape(of: node) else { return }
      let twin = ReferenceConvolutionGradient(shape)
      var weights = values("\(node.name).weight", parameters)
      set("\(node.name).weight", twin.weightGradient(outputs[node.inputs[0]], upstream, imageCount: count))
      let channels = shape.outputChannels
      set(
        "\(node.name).bias",
        (0..<channels).map { channel in
          stride(from: channel, to: upstream.count, by: channels).reduce(0) { $0 + upstream[$1] }
        }
      )
      if bug == .kernelsNotTurned {
        let taps = shape.kernelHeight * shape.kernelWidth
        weights = weights.indices.map { weights[$0 / taps * taps + taps - 1 - $0 % taps] }
      }
      add(twin.inputGradient(upstream, weights, imageCount: count), to: node.inputs[0])
    case .batchNormalization:
      guard let normalization else { return }
      var (sums, scales, shifts) = normalization.gradients(upstream)
      let channels = node.shape.channels
      let gamma = values("\(node.name).weight", parameters)
      if bug == .secondMomentDropped || bug == .meanOverFullBatch {
        let pixelCount = Double(upstream.count / channels)
        let own = bug == .meanOverFullBatch ? pixelCount * 2 : pixelCount
        sums = upstream.indices.map { place in
          let channel = place % channels
          let deviation = (normalization.variance[channel] + 1e-5).squareRoot()
          let normalized = (outputs[node.inputs[0]][place] - normalization.mean[channel]) / deviation
          let second = bug == .secondMomentDropped ? 0 : normalized * scales[channel] / own
          return gamma[channel] / deviation * (upstream[place] - shifts[channel] / own - second)
        }
      }
      set("\(node.name).weight", scales)
      set("\(node.name).bias", shifts)
      (scales, shifts) = ([], [])
      add(sums, to: node.inputs[0])
      let pixels = Double(upstream.count / channels)
      for channel in 0..<channels {
        let factor = bug == .biasedRunningVariance ? 1 : pixels / (pixels - 1)
        guard let mean = layout["\(node.name).running_mean"]?.range,
          let variance = layout["\(node.name).running_var"]?.range
        else { continue }
        let (m, v) = (mean.lowerBound + channel, variance.lowerBound + channel)
        result.statistics[m] = 0.9 * parameters[m] + 0.1 * normalization.mean[channel]
        result.statistics[v] = 0.9 * parameters[v] + 0.1 * normalization.variance[channel] * factor
      }
    case .relu:
      let input = outputs[node.inputs[0]]
      add(
        upstream.indices.map {
          input[$0] > 0 || (bug == .reluPassesZeros && input[$0] == 0) ? upstream[$0] : 0
        },
        to: node.inputs[0]
      )
    case .add:
      add(upstream, to: node.inputs[0])
      if bug != .shortcutForgotten { add(upstream, to: node.inputs[1]) }
    case .unweighted(let layer):
      let size = graph.nodes[node.inputs[0]].shape
      let input = outputs[node.inputs[0]]
      add(
        map(count, size.count) { image, target in
          input.withUnsafeBufferPointer { input in
            upstream.withUnsafeBufferPointer { upstream in
              layer.propagate(
                upstream.baseAddress! + image * node.shape.count,
                input: input.baseAddress! + image * size.count,
                size,
                into: target
              )
            }
          }
        },
        to: node.inputs[0]
      )
    }
  }

  private func map(_ count: Int, _ size: Int, _ body: (Int, UnsafeMutablePointer<Double>) -> Void) -> [Double]
  {
    var result = [Double](repeating: 0, count: count * size)
    result.withUnsafeMutableBufferPointer { buffer in
      for image in 0..<count { body(image, buffer.baseAddress! + image * size) }
    }
    return result
  }

  /// Softmax cross-entropy, averaged over the batch.
  private func loss(_ logits: [Double], _ labels: [Int]) -> (Double, [Double]) {
    let classes = graph.outputCount
    let smoothing = bug == .smoothingForgotten ? 0 : smoothing
    var (loss, gradient) = (0.0, logits)
    for (image, label) in labels.enumerated() {
      let row = logits[image * classes..<(image + 1) * classes]
      let greatest = row.max() ?? 0
      let exponentials = row.map { exponential($0 - greatest) }
      let total = exponentials.reduce(0, +)
      for index in 0..<classes {
        let target = smoothing / Double(classes) + (index == label ? 1 - smoothing : 0)
        let probability = exponentials[index] / total
        loss -= target * logarithm(probability) / Double(labels.count)
        gradient[image * classes + index] = (probability - target) / Double(labels.count)
      }
    }
    return (loss, gradient)
  }
}
