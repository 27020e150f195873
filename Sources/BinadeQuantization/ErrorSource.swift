/// A part of the error that a quantizer makes.
public enum ErrorSource: String, Sendable, Hashable, CaseIterable, Codable {
  /// Values beyond the greatest or the least one of the format.
  case clipping
  /// Values that stay in range and do not become zero.
  case rounding
  /// Values that are not zero and become zero.
  case underflow
  /// The mean error of the weights of an output channel; the other parts are without it then.
  case meanShift
  /// Sums of products that are rounded.
  case accumulator
}
