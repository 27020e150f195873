import ArgumentParser
import Binade

extension ZeroPointRule: ExpressibleByArgument {}

/// The option of commands that quantize a network.
struct ZeroPointOptions: ParsableArguments {
  @Option(
    help: """
      Whether formats of evenly spaced values (integers, fixed point, even codebooks and floats) are shifted by a zero \
      point: 'nonnegative' where codes idle otherwise, signed ones on tensors that are never negative and unsigned ones on \
      tensors of both signs; 'full' wherever the least and the greatest value put it; or 'none'. Other formats have no zero \
      point. Recipes of --ptq have offsets of their own.
      """
  )
  var zeroPoint = ZeroPointRule.nonnegative

  /// The configuration under the rule.
  func applied(to configuration: Configuration) -> Configuration {
    var configuration = configuration
    configuration.changeQuantizers { $0.zeroPoint = zeroPoint }
    return configuration
  }
}
