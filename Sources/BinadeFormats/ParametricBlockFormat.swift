import BinadeNumerics

/// Block formats named by their parameters; they need no definition file.
///
/// | name      | meaning                                                                               |
/// |-----------|---------------------------------------------------------------------------------------|
/// | `bfp8`    | block floating point: 16 elements of sign and 7 bits of magnitude, one 8-bit exponent |
/// | `vsq4_s6` | VS-Quant: 16 elements of int4, a scale of uint6, one float32 scale for each row       |
public enum ParametricBlockFormat {
  /// The shapes of name understood, for messages.
  public static let patterns = ["bfp<n>", "vsq<n>_s<m>"]

  /// Returns the block format that `name` describes; nil when it has none of the shapes.
  ///
  /// Throws ``FormatError`` when the shape is right and a number is not.
  public static func format(named name: String) throws(FormatError) -> BlockFormat? {
    if let match = name.wholeMatch(of: /bfp(\d{1,3})/) {
      return try blockFloat(name, Int(match.1) ?? 0)
    }
    if let match = name.wholeMatch(of: /vsq(\d{1,3})_s(\d{1,3})/) {
      return try vectorScaled(name, Int(match.1) ?? 0, Int(match.2) ?? 0)
    }
    return nil
  }

  /// The significand of the greatest element is 1.xxx, the others keep its exponent: no hidden bit.
  private static func blockFloat(_ name: String, _ n: Int) throws(FormatError) -> BlockFormat {
    guard (2...16).contains(n), let element = try ParametricFormat.format(named: "sm1.\(n - 2)") else {
      throw .invalidParameter(format: name, parameter: "n", found: "\(n)", allowed: "2 to 16")
    }
    return try BlockFormat(
      name: name,
      source: "Darvish Rouhani et al., Pushing the Limits of Narrow Precision Inferencing at Cloud Scale "
        + "with Microsoft Floating Point, NeurIPS 2020 (MSFP\(n + 8))",
      element: element,
      scale: .powerOfTwo(.floor),
      blockLength: 16
    )
  }

  private static func vectorScaled(_ name: String, _ n: Int, _ m: Int) throws(FormatError)
    -> BlockFormat
  {
    guard (2...10).contains(n), (1...10).contains(m) else {
      throw .invalidParameter(
        format: name,
        parameter: "bit widths",
        found: "\(n) and \(m)",
        allowed: "elements of 2 to 10 bits, scales of 1 to 10"
      )
    }
    return try BlockFormat(
      name: name,
      source:
        "Dai et al., VS-Quant: Per-vector Scaled Quantization for Accurate Low-Precision Neural Network "
        + "Inference, MLSys 2021",
      element: try IntegerFormat(
        info: FormatInfo(name: "int\(n)_narrow", bitWidth: n, family: .integer),
        isSigned: true,
        range: .narrow
      ),
      scale: .number(
        try IntegerFormat(
          info: FormatInfo(name: "uint\(m)", bitWidth: m, family: .integer),
          isSigned: false
        ),
        outer: .row
      ),
      blockLength: 16
    )
  }
}
