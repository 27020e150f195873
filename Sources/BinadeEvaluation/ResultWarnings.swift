import BinadeNetworks
import BinadeQuantization

/// What makes a result one that cannot be trusted: sentences for the row, the table and JSON.
///
/// A format that is merely coarse gets no warning. These are signs that something else went wrong: arithmetic that left its
/// range, or a scale that puts the data where the format has no precision.
enum ResultWarnings {
  /// One quantized tensor of a network.
  struct Tensor {
    /// As in error messages: `conv1.input`.
    let name: String
    /// Bits of its format.
    let bitWidth: Int
    /// How it moved.
    let error: QuantizationError
  }

  /// Formats of so many bits and more are expected to reach ``leastDecibels``.
  static let wideBitWidth = 16
  /// Eight bits give 40 to 50 dB where scales are right; 16 bits that give less than this are misplaced.
  static let leastDecibels = 25.0

  /// The tensors of a network that are quantized.
  static func tensors(
    _ layers: [FoldedNetwork.Layer],
    _ assignments: [LayerAssignment],
    weightErrors: [QuantizationError?],
    activationErrors: [QuantizationError?]
  ) -> [Tensor] {
    layers.indices.flatMap { index in
      [
        weightErrors[index].map {
          Tensor(
            name: "\(layers[index].name).weight",
            bitWidth: assignments[index].weights?.bitWidth ?? 32,
            error: $0
          )
        },
        activationErrors[index].map {
          Tensor(
            name: "\(layers[index].name).input",
            bitWidth: assignments[index].activations?.bitWidth ?? 32,
            error: $0
          )
        },
      ].compactMap { $0 }
    }
  }

  /// Images with a logit that is NaN or infinite.
  static func nonFiniteImageCount(_ logits: [Float], imageCount: Int) -> Int {
    let classes = logits.count / max(imageCount, 1)
    return (0..<imageCount).count { image in
      !logits[image * classes..<(image + 1) * classes].allSatisfy(\.isFinite)
    }
  }

  /// The warnings, one for each kind that is there.
  ///
  /// `nonFiniteImageCount`: images with a logit that is NaN or infinite.
  static func sentences(_ tensors: [Tensor], nonFiniteImageCount: Int, imageCount: Int) -> [String] {
    var sentences: [String] = []
    if nonFiniteImageCount > 0 {
      sentences.append("the logits of \(nonFiniteImageCount) of \(imageCount) images hold NaN or infinity")
    }
    func report(_ affected: [Tensor], _ text: (Tensor) -> String) {
      guard let first = affected.first else { return }
      let others = affected.count - 1
      let more = others == 0 ? "" : " (and \(others) more tensor\(others == 1 ? "" : "s"))"
      sentences.append("'\(first.name)'\(more) \(text(first))")
    }
    report(tensors.filter { $0.error.nanCount + $0.error.infiniteCount > 0 }) {
      "holds \($0.error.nanCount) NaN and \($0.error.infiniteCount) infinities among \($0.error.elementCount) "
        + "elements, which no figure includes"
    }
    let misplaced = tensors.filter { $0.bitWidth >= wideBitWidth && decibels($0.error) < leastDecibels }
    report(misplaced.sorted { decibels($0.error) < decibels($1.error) }) {
      "has an SQNR of \(rounded(decibels($0.error))) dB in \($0.bitWidth) bits, where \(Int(leastDecibels)) dB are the "
        + "least to expect: the data lie where the format is not precise"
    }
    let drowned = tensors.filter { $0.bitWidth < wideBitWidth && decibels($0.error) < 0 }
    report(drowned.sorted { decibels($0.error) < decibels($1.error) }) {
      "has an SQNR of \(rounded(decibels($0.error))) dB: its error is greater than its values, all of which might as well be zero"
    }
    report(tensors.filter { isAll($0.error.tally.saturatedCount, of: $0.error) }) { _ in
      "is saturated: every element that is not zero became the greatest or the least value"
    }
    report(tensors.filter { isAll($0.error.tally.underflowedCount, of: $0.error) }) { _ in
      "became zero, every element"
    }
    return sentences
  }

  private static func isAll(_ count: Int, of error: QuantizationError) -> Bool {
    error.nonzeroCount > 0 && count >= error.nonzeroCount
  }

  /// Infinite where nothing moved.
  private static func decibels(_ error: QuantizationError) -> Double {
    guard error.nonzeroCount > 0, error.noisePower > 0 else { return .infinity }
    return SignalToNoise.decibels(error.signalToQuantizationNoiseRatio)
  }

  private static func rounded(_ decibels: Double) -> Double { (10 * decibels).rounded() / 10 }
}
