/// NaNs of the input, counted, for formats that may have no code for them.
struct MissingNaN {
  /// Where they come from.
  let path: String
  /// What has no code for them.
  let format: String
  /// Whether they are refused: there is no code, and no dialect says what they become.
  let isRefused: Bool
  private(set) var count = 0

  init(path: String, format: String, isRefused: Bool) {
    self.path = path == "-" ? "standard input" : path
    self.format = format
    self.isRefused = isRefused
  }

  /// Counts those of a piece, before it is written.
  ///
  /// Throws at the first piece with some where the output cannot be taken back.
  mutating func add(_ nanCount: Int, before writers: [ArrayWriter]) throws {
    count += nanCount
    if isRefused, count > 0, writers.contains(where: \.isStream) {
      throw ConversionError.nanInStream(path: path, format: format)
    }
  }

  /// Throws when there were any that are refused.
  func check() throws {
    if isRefused, count > 0 {
      throw ConversionError.nanWithoutCode(path: path, format: format, count: count)
    }
  }
}
