import Foundation

/// The definition files that ship with Binade.
public enum FormatFiles {
  /// The folder with one YAML file per format.
  public static var folder: URL {
    Bundle.module.bundleURL.appending(path: "definitions")
  }
}
