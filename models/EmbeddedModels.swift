import Foundation

/// The model and data that ship with Binade: what commands use when they are given none.
public enum EmbeddedModels {
  /// ResNet-8 for 28 x 28 digits: widths 8-16-32, shortcut A.
  public static var resNet8Weights: URL {
    mnistFolder.appending(path: "resnet8-mnist5k.safetensors")
  }

  /// 4,000 training and 1,000 test digits as IDX files.
  public static var mnistFolder: URL {
    Bundle.module.bundleURL.appending(path: "mnist5k")
  }
}
