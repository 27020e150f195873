import ArgumentParser
import Binade

/// Convolutions of a batch of images.
struct BenchConvolutionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conv",
    abstract: "Measure convolutions: weights packed before, images decoded and padded in the run.",
    discussion: """
      Without --shape: the three 3x3 shapes of ResNet-20 and three shapes of ResNet-50. Of formats of up to 16 bits,
      images are codes when the run begins; wider ones are convolved as float32.

      With --groups, channels mix within a group only; as many groups as channels and outputs are a depthwise
      convolution.

      EXAMPLES
        binade bench conv
        binade bench conv --format int8 --format float8_e4m3fn --batch 16
        binade bench conv --shape 256x14x14x256x3 --groups 256 --format int8
        binade bench conv --shape 64x56x56x64x3 --shape 3x224x224x64x7x2x3 --batch 8 --json
      """
  )

  /// Channels, pixels, outputs, kernel.
  private static let networkShapes = [
    (16, 32, 16, 3), (32, 16, 32, 3), (64, 8, 64, 3), (64, 56, 64, 3), (256, 14, 256, 3), (256, 56, 64, 1),
  ]

  @OptionGroup var formats: BenchFormatOptions

  @Option(
    help: """
      CHANNELSxHEIGHTxWIDTHxOUTPUTSxKERNEL[xSTRIDE[xPADDING]]; repeatable. Default padding: half the kernel.
      """
  )
  var shape: [String] = []

  @Option(help: "Groups of channels that do not mix, in every shape.")
  var groups: Int = 1

  @Option(help: "Images per run.")
  var batch: Int = 64

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (1...65_536).contains(batch) else {
      throw ValidationError("--batch must be 1 to 65536, found \(batch)")
    }
    guard groups >= 1 else { throw ValidationError("--groups must be at least 1, found \(groups)") }
  }

  func run() throws {
    let texts =
      shape.isEmpty
      ? Self.networkShapes.map { "\($0.0)x\($0.1)x\($0.1)x\($0.2)x\($0.3)" } : shape
    let sizes = try texts.map { try ConvolutionSizes($0, batch: batch, groups: groups) }
    let pairs = try formats.pairs()
    let threads = options.threads
    try options.run(
      sizes.flatMap { sizes in
        pairs.map { pair in
          BenchRow(
            name: sizes.name,
            format: pair.name,
            workload: { BenchWorkloads.convolution(sizes, pair, threads: threads) },
            twin: pair.isFloat32
              ? nil : { BenchWorkloads.convolution(sizes, .float32, threads: threads) }
          )
        }
      }
    )
  }
}
