import BinadeNumerics
import CBinadeKernels

/// What a proof must know of the conversion that runs: every row of kernels it may run on, and where one element's path
/// depends on others.
extension BulkCodec {
  /// The conversions that `codec` may run as on machines with `features`: one for each row of closed-form kernels, or the
  /// only one where there is no closed form.
  public static func rows(of codec: FormatCodec, features: CPUFeatures = .detected) -> [BulkCodec] {
    let fastest = BulkCodec(codec, features: features)
    guard case .closedForm = fastest.engine else { return [fastest] }
    return CodecRow.all.filter { features.isSuperset(of: $0.required) }
      .map { BulkCodec(codec, row: $0) }
  }

  /// How many neighbours decide together how they are rounded, for inputs of one sign of which `least` lies nearest to zero; nil
  /// where each is rounded alone.
  ///
  /// Pieces of magnitudes below a limit are rounded by additions, pieces with a greater one, an infinity or a NaN among
  /// them by shifts: a conversion of small numbers is two conversions, and both must be proven.
  public func sharedPieceLength(least: Float) -> Int? {
    guard case .closedForm(let form) = engine,
      least.magnitude.bitPattern < form.parameters.plain_limit,
      least.bitPattern & form.parameters.plain_refused == 0
    else { return nil }
    return Int(BINADE_CODEC_CHUNK)
  }

  /// Whether elements go through the scalar codec one by one.
  public var runsCodec: Bool {
    if case .elements = engine { return true }
    return false
  }

  /// Whether two conversions run the same code on the same tables and parameters, so that one sweep proves both.
  package func isSameConversion(as other: BulkCodec) -> Bool {
    guard codec.isSameConversion(as: other.codec) else { return false }
    switch (engine, other.engine) {
    case (.closedForm(let mine), .closedForm(let theirs)):
      return row.name == other.row.name && mine.decodes == theirs.decodes
        && bytes(of: mine.parameters) == bytes(of: theirs.parameters)
        && values.map(\.bitPattern) == other.values.map(\.bitPattern)
    case (.steps(let mine), .steps(let theirs)):
      return mine.isSameTable(as: theirs)
    default:
      // The codec is all there is.
      return runsCodec && other.runsCodec
    }
  }

  private func bytes(of form: binade_closed_form) -> [UInt8] {
    // Fields of 32 bits only: no padding between them.
    withUnsafeBytes(of: form) { Array($0) }
  }
}

extension StepTable {
  fileprivate func isSameTable(as other: StepTable) -> Bool {
    shift == other.shift && searchCount == other.searchCount && lines == other.lines
      && starts == other.starts && codes == other.codes
      && values.map(\.bitPattern) == other.values.map(\.bitPattern)
      && buckets.elementsEqual(other.buckets) {
        $0.threshold == $1.threshold && $0.codes == $1.codes
      }
  }
}
