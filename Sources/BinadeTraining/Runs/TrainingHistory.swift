/// What each epoch of a run found.
public struct TrainingHistory: Sendable, Hashable {
  /// One epoch.
  public struct Epoch: Sendable, Hashable, Codable {
    /// Counted from 1.
    public let epoch: Int
    /// Steps since the beginning.
    public let step: Int
    /// Of the epoch's last step.
    public let learningRate: Double
    /// The mean over the images, with the weights as they were at each step.
    public let loss: Double
    /// The share of the training images that were right, as they were augmented, with the weights of each step.
    public let trainingAccuracy: Double
    /// The share of the evaluation images that are right after the epoch; nil where they were not looked at.
    public let accuracy: Double?

    /// An epoch.
    public init(
      epoch: Int,
      step: Int,
      learningRate: Double,
      loss: Double,
      trainingAccuracy: Double,
      accuracy: Double?
    ) {
      self.epoch = epoch
      self.step = step
      self.learningRate = learningRate
      self.loss = loss
      self.trainingAccuracy = trainingAccuracy
      self.accuracy = accuracy
    }
  }

  /// In their order.
  public var epochs: [Epoch] = []
  /// Sums of the epoch that is under way.
  private var lossSum = 0.0
  private var correctCount = 0
  private var imageCount = 0
  private var learningRate = 0.0

  private static let header = "epoch,step,learningRate,loss,trainingAccuracy,accuracy"

  /// A run without epochs.
  public init() {}

  /// Counts a step.
  public mutating func add(_ report: StepReport) {
    lossSum += report.loss * Double(report.imageCount)
    correctCount += report.correctCount
    imageCount += report.imageCount
    learningRate = report.learningRate
  }

  /// Loss and share of right images of the epoch that is under way; nil before its first step.
  public var current: (loss: Double, accuracy: Double)? {
    imageCount == 0
      ? nil : (lossSum / Double(imageCount), Double(correctCount) / Double(imageCount))
  }

  /// Ends the epoch that is under way.
  public mutating func endEpoch(step: Int, accuracy: Double?) {
    let count = Double(max(1, imageCount))
    epochs.append(
      Epoch(
        epoch: epochs.count + 1,
        step: step,
        learningRate: learningRate,
        loss: lossSum / count,
        trainingAccuracy: Double(correctCount) / count,
        accuracy: accuracy
      )
    )
    (lossSum, correctCount, imageCount) = (0, 0, 0)
  }

  /// A line per epoch.
  public var csv: String {
    ([Self.header]
      + epochs.map {
        "\($0.epoch),\($0.step),\($0.learningRate),\($0.loss),\($0.trainingAccuracy),\($0.accuracy.map { "\($0)" } ?? "")"
      })
      .joined(separator: "\n") + "\n"
  }

  /// The history and the sums of the epoch under way as text: what a checkpoint keeps.
  public var state: String { csv + "\(lossSum),\(correctCount),\(imageCount),\(learningRate)" }

  /// Reads what ``csv`` wrote; nil for other text.
  public init?(csv: String) { self.init(state: csv + "0,0,0,0") }

  /// Reads what ``state`` wrote; nil for other text.
  public init?(state: String) {
    var lines = state.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 2, lines[0] == Self.header else { return nil }
    let sums = lines.removeLast().split(separator: ",")
    guard sums.count == 4, let loss = Double(sums[0]), let correct = Int(sums[1]), let images = Int(sums[2]),
      let rate = Double(sums[3])
    else { return nil }
    for line in lines.dropFirst() {
      let parts = line.split(separator: ",", omittingEmptySubsequences: false)
      guard parts.count == 6, let epoch = Int(parts[0]), let step = Int(parts[1]),
        let rate = Double(parts[2]),
        let loss = Double(parts[3]), let training = Double(parts[4])
      else { return nil }
      epochs.append(
        Epoch(
          epoch: epoch,
          step: step,
          learningRate: rate,
          loss: loss,
          trainingAccuracy: training,
          accuracy: Double(parts[5])
        )
      )
    }
    (lossSum, correctCount, imageCount, learningRate) = (loss, correct, images, rate)
  }
}
