import ArgumentParser
import Binade

/// What a network is quantized to while it is trained.
struct TrainingQuantizationOptions: ParsableArguments {
  @Option(help: "The format of weights, as in 'evaluate'.", completion: NameCompletion.quantizers)
  var weights: String?

  @Option(
    help: "The format of layers' inputs, one scale for each tensor.",
    completion: NameCompletion.quantizers
  )
  var activations: String?

  @Option(
    help: "The formats of the first and the last layer: FORMAT or WEIGHTS/ACTIVATIONS.",
    completion: NameCompletion.quantizers
  )
  var ends: String?

  @Option(
    help:
      "The format of the gradients of layers' sums, e.g. float8_e5m2 or float8_e5m2:tensor:max:stochastic.",
    completion: NameCompletion.quantizers
  )
  var gradients: String?

  @Option(
    help: """
      How: ste, clipped (gradients as if nothing were rounded; Bengio 2013), aqt, aqt-round-first (Abdolrashidi 2021), lsq (Esser 2020), lsq+ (Bhalgat 2020), pact \
      (Choi 2018), pact-calibrated (Jin 2019), dorefa (Zhou 2016), sat (Jin 2019). Default: lsq. Block formats: ste, aqt.
      """
  )
  var qat: String?

  /// The settings of the recipe that the options stand for.
  var settings: [(String, String)] {
    [
      ("weights", weights), ("activations", activations), ("ends", ends), ("gradients", gradients),
      ("quantization", qat),
    ]
    .compactMap { key, value in value.map { (key, $0) } }
  }
}
