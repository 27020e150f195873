/// Why a tensor cannot be quantized.
public enum QuantizationFailure: Error, Sendable, Hashable, CustomStringConvertible {
  case emptyCalibrationSet(tensor: String)
  case notFinite(tensor: String)
  case negativeValues(tensor: String, format: String)
  case unusableRange(tensor: String, format: String)
  case randomBlocks(tensor: String, format: String)
  case untrainableBlocks(tensor: String, format: String, method: String)
  case randomTraining(tensor: String)
  case unevenChannels(tensor: String, format: String)
  case noFormat(tensor: String)
  case noPart(tensor: String, format: String, of: String)
  case unsuitableCalibration(tensor: String, format: String, calibration: String, reason: String)

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .emptyCalibrationSet(let tensor):
      "'\(tensor)': no values to calibrate with; give at least one calibration image"
    case .notFinite(let tensor):
      "'\(tensor)' holds NaN or infinity; it cannot be quantized"
    case .negativeValues(let tensor, let format):
      "'\(tensor)' has negative values and the format '\(format)' has none; use a signed format"
    case .unusableRange(let tensor, let format):
      "'\(tensor)' cannot be scaled to '\(format)': scale or greatest value would leave the range of float32"
    case .randomBlocks(let tensor, let format):
      "'\(tensor)': stochastic rounding is for formats of single elements; '\(format)' is a block format"
    case .untrainableBlocks(let tensor, let format, let method):
      "'\(tensor)': '\(format)' is a block format, whose scales are found block by block and not learned, as '\(method)' would; "
        + "train with ste or aqt"
    case .randomTraining(let tensor):
      "'\(tensor)': a quantizer in training rounds by a rule, not at random: the deployed network would draw other words"
    case .unevenChannels(let tensor, let format):
      "'\(tensor)': channels with formats of their own are rounded to nearest, to evenly spaced values of at most 8 bits, such as "
        + "int4; '\(format)' is none"
    case .noPart(let tensor, let format, let widest):
      "'\(tensor)': channels of one layer have formats that are parts of one another, as int3 is of int4; '\(format)' is no part of "
        + "'\(widest)'"
    case .noFormat(let tensor):
      "'\(tensor)': a search left no bits to it; leave 0 out of the formats to search, or give it a larger budget"
    case .unsuitableCalibration(let tensor, let format, let calibration, let reason):
      "'\(tensor)': calibration '\(calibration)' does not apply to '\(format)': \(reason)"
    }
  }
}
