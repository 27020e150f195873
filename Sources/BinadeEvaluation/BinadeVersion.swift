/// The version that results carry.
public enum BinadeVersion {
  /// Semantic version of this source tree.
  public static let current = "0.1.0"
}
