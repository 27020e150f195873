/// A network before it has weights: what it takes, what it tells apart, its graph.
///
/// A family of them is one file that conforms, and one line in ``ArchitectureName/families``.
public protocol Architecture: Sendable {
  /// The name that finds it again: `resnet20-cifar`, `mobilenetv2`.
  var name: String { get }
  /// The images it takes.
  var input: ImageShape { get }
  /// The classes it tells apart.
  var classCount: Int { get }
  /// The network, its parameters named as in PyTorch.
  var graph: NetworkGraph { get }
  /// What weight files say of it.
  var metadata: [String: String] { get }

  /// The architecture of a name; nil for names of other families.
  ///
  /// Throws ``NetworkError`` for options that it cannot have.
  static func named(_ name: String, _ options: ArchitectureOptions) throws(NetworkError) -> Self?
  /// Names that help and completion show.
  static var examples: [String] { get }
  /// The name that somebody means who writes `letters`, in lower case, with these `numbers` in it; nil when none of the family is near.
  static func suggestion(for letters: String, numbers: [Int]) -> String?
}

/// What is asked of an architecture beside its name.
public struct ArchitectureOptions: Sendable {
  /// Channels of the stages of small ResNets.
  public var widths = [16, 32, 64]
  /// Shortcuts of small ResNets.
  public var shortcut = ResNet.Shortcut.a
  /// The images; nil for the usual ones of the family.
  public var input: ImageShape?
  /// The classes; nil for the usual ones of the family.
  public var classCount: Int?
  /// What channels are multiplied by.
  public var widthMultiplier = 1.0

  /// By what channels may be multiplied.
  static let widthMultipliers = 1.0 / 64...16

  /// Nothing in particular.
  public init() {}

  /// Throws ``NetworkError`` for images and classes that no network takes.
  static func check(_ input: ImageShape, _ classCount: Int) throws(NetworkError) {
    guard (1...1024).contains(input.channels), (8...4096).contains(input.height),
      (8...4096).contains(input.width)
    else {
      throw .invalidArchitecture(
        parameter: "input",
        found: "\(input)",
        allowed: "1 to 1024 channels of 8 to 4096 pixels"
      )
    }
    guard (2...1_000_000).contains(classCount) else {
      throw .invalidArchitecture(parameter: "classCount", found: "\(classCount)", allowed: "2 to 1000000")
    }
  }

  /// Throws ``NetworkError`` for a factor that makes no network.
  static func check(widthMultiplier: Double) throws(NetworkError) {
    guard widthMultipliers.contains(widthMultiplier) else {
      throw .invalidArchitecture(
        parameter: "widthMultiplier",
        found: "\(widthMultiplier)",
        allowed: "1/64 to 16"
      )
    }
  }
}
