import BinadeNumerics

/// Why a network cannot be trained, or training cannot go on.
public enum TrainingError: Error, Sendable, Hashable {
  case invalidRecipe(parameter: String, found: String, allowed: String)
  case batchTooLarge(batch: Int, imageCount: Int)
  case batchNeedsMemory(batch: Int, byteCount: Int, available: Int, greatest: Int)
  case labelsOutside(classCount: Int, data: Int)
  case imagesDoNotFit(network: String, data: String)
  case otherTeacher(classCount: Int, teacher: Int)
  case notFinite(step: Int, what: String)
  case otherCheckpoint(difference: String)
  case malformedCheckpoint(file: String, reason: String)
  case damagedCheckpoint(reason: String, previous: String)
  case quantization(reason: String)
  case malformedRecipe(file: String, line: Int, reason: String)
}

extension TrainingError: CustomStringConvertible {
  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .invalidRecipe(let parameter, let found, let allowed):
      "training: '\(parameter)' is \(PrintableText.excerpt(found)); allowed: \(allowed)"
    case .batchTooLarge(let batch, let imageCount):
      "a batch of \(batch) images is more than the \(imageCount) there are to train with; choose --batch \(imageCount) or less"
    case .batchNeedsMemory(let batch, let byteCount, let available, let greatest):
      "the maps of a batch of \(batch) images take at least \(Self.gigabytes(byteCount)) GB, of \(Self.gigabytes(available)) GB there are; "
        + (greatest > 0
          ? "choose --batch \(greatest) or less"
          : "not one image fits: choose a smaller network or smaller images")
    case .labelsOutside(let classCount, let data):
      "the network tells \(classCount) classes apart, the training images have \(data)"
    case .imagesDoNotFit(let network, let data):
      "the network takes images of \(network), the training images are \(data)"
    case .otherTeacher(let classCount, let teacher):
      "the network tells \(classCount) classes apart, its teacher \(teacher); take a teacher of the same classes"
    case .notFinite(let step, let what):
      "step \(step): \(what); the last checkpoint is kept. A lower learning rate, or clipping (--set clipping=1), may help"
    case .otherCheckpoint(let difference):
      "the checkpoint is of another run: \(difference)"
    case .malformedCheckpoint(let file, let reason):
      "\(file): \(reason)"
    case .damagedCheckpoint(let reason, let previous):
      "\(reason); the one before it is \(previous): copy it over the damaged one to go on from there"
    case .quantization(let reason): reason
    case .malformedRecipe(let file, let line, let reason):
      "\(file):\(line): \(reason)"
    }
  }

  private static func gigabytes(_ byteCount: Int) -> Double { (Double(byteCount) / 1e8).rounded() / 10 }
}
