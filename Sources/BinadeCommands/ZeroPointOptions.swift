import ArgumentParser
import Binade

extension ZeroPointRule: ExpressibleByArgument {}

/// The option of commands that quantize a network.
struct ZeroPointOptions: ParsableArguments {
  @Option(
    help: """
      Whether integers are shifted by a zero point: 'automatic' where it spends codes that idle otherwise, signed integers \
      on tensors that are never negative and unsigned ones on tensors of both signs; or 'none'. Formats of other families \
      have no zero point. Recipes of --ptq have offsets of their own.
      """
  )
  var zeroPoint = ZeroPointRule.automatic

  /// The configuration under the rule.
  func applied(to configuration: Configuration) -> Configuration {
    var configuration = configuration
    configuration.weights?.zeroPoint = zeroPoint
    configuration.activations?.zeroPoint = zeroPoint
    configuration.ends?.weights.zeroPoint = zeroPoint
    configuration.ends?.activations.zeroPoint = zeroPoint
    return configuration
  }
}
