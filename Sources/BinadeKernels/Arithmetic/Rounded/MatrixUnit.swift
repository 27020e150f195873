import BinadeNumerics

/// A matrix unit of a processor, as it was measured or documented: how many products it adds at once, to how many bits it
/// aligns them, and how the sum is rounded.
///
/// ``all`` has those that are known.
public struct MatrixUnit: Sendable, Hashable {
  /// What a unit adds products in.
  public enum Sum: Sendable, Hashable {
    /// Terms cut to `fractionBitCount` bits below the greatest exponent; their sum cut to 8 exponent bits and
    /// `significandBitCount` stored significand bits.
    case aligned(fractionBitCount: Int, significandBitCount: Int)
    /// Two's complement of 32 bits.
    case int32(OverflowRule)
  }

  /// The name, as `--accumulator` takes it.
  public let name: String
  /// One sentence for lists.
  public let summary: String
  /// The formats whose products it sums, in any pair.
  public let operandFormats: [String]
  /// Products per addition.
  public let productCount: Int
  /// What they are added in.
  public let sum: Sum
  /// Products after which the sum is added to a float32 accumulator, to nearest; nil for never.
  public let promotionLength: Int?
  /// Who measured or documented it.
  public let source: String

  /// The unit called `name`; nil when there is none.
  public static func named(_ name: String) -> MatrixUnit? { all.first { $0.name == name } }

  /// The accumulator for operands of two formats.
  ///
  /// Throws ``FormatError`` when the unit does not multiply them.
  public func model(left: any NumericFormat, right: any NumericFormat) throws(FormatError) -> AccumulatorModel
  {
    for format in [left, right] where !operandFormats.contains(format.name) {
      throw .invalidParameter(
        format: name,
        parameter: "operands",
        found: format.name,
        allowed: operandFormats.joined(separator: ", ")
      )
    }
    return try model(leastLeft: Self.leastExponent(left), leastRight: Self.leastExponent(right))
  }

  /// The accumulator for operands whose subnormals have exponents `leastLeft` and `leastRight`.
  public func model(leastLeft: Int, leastRight: Int) throws(FormatError) -> AccumulatorModel {
    var order = AccumulatorModel.Order.sequential
    if let promotionLength {
      order = .chunked(
        length: promotionLength,
        into: try AccumulatorFormat(AccumulatorModel.float("float32", significandBitCount: 23))
      )
    }
    switch sum {
    case .aligned(let fractionBitCount, let significandBitCount):
      let name = significandBitCount == 23 ? "float32" : "e8m\(significandBitCount)"
      return AccumulatorModel(
        sum: try AccumulatorFormat(
          AccumulatorModel.float(name, significandBitCount: significandBitCount),
          policy: ConversionPolicy(rounding: .towardZero, overflow: .ieee)
        ),
        interval: productCount,
        order: order,
        alignment: AccumulatorAlignment(
          fractionBitCount: fractionBitCount,
          productExponent: .ofFactors(leastLeft: leastLeft, leastRight: leastRight)
        )
      )
    case .int32(let overflow):
      return AccumulatorModel(
        sum: try AccumulatorFormat(
          FixedPointFormat(
            info: FormatInfo(name: "int32", bitWidth: 32, family: .fixedPoint),
            isSigned: true,
            integerBitCount: 31,
            fractionBitCount: 0
          ),
          policy: ConversionPolicy(overflow: overflow)
        ),
        interval: productCount,
        order: order
      )
    }
  }

  /// The exponent of subnormals; of no matter for formats without them.
  private static func leastExponent(_ format: any NumericFormat) -> Int {
    (format as? BinaryFloatFormat).map { 1 - $0.exponentBias } ?? 0
  }
}

extension MatrixUnit {
  /// The units that are known, by architecture.
  ///
  /// Of NVIDIA's units the multi-term addition is "truncated fused dot-product-add": products and accumulator are cut toward
  /// zero at one place and added exactly, the sum is cut to the accumulator's format. Zeros do not take part in the
  /// greatest exponent here; units give them one below 2^-126, which shows in sums of that size alone.
  ///
  /// - Source: Xie, Wang, Yang and Yang, MMA-Sim: Bit-Accurate Reference Model of Tensor Cores and Matrix Cores, arXiv
  ///   2511.10909, 2025 (terms, fraction bits and rounding of every architecture here). They agree with Fasi, Higham, Mikaitis
  ///   and Pranesh, Numerical behavior of NVIDIA tensor cores, PeerJ Computer Science 7:e330, 2021 (Volta without extra bits,
  ///   Turing and Ampere with one) and Khattak and Mikaitis, Accurate Models of NVIDIA Tensor Cores, arXiv 2512.07004, 2025.
  ///   Promotion every 128 products: DeepSeek-AI, DeepSeek-V3 Technical Report, arXiv 2412.19437, section 3.3.2. VPDPBUSD and
  ///   VPDPBUSDS: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
  public static let all: [MatrixUnit] = {
    let float8 = ["float8_e4m3fn", "float8_e5m2"]
    var units: [MatrixUnit] = []
    func add(_ architecture: String, _ operands: String, formats: [String]? = nil, _ terms: Int, _ bits: Int)
    {
      let isShort = operands == "float8" && bits == 13
      let title = architecture.prefix(1).uppercased() + architecture.dropFirst()
      let sums = isShort ? "sums of 8 exponent and 13 significand bits" : "float32 sums"
      units.append(
        MatrixUnit(
          name: "\(architecture)_\(operands)",
          summary:
            "NVIDIA \(title), \(operands): \(terms) products aligned to \(bits) fraction bits, \(sums), cut",
          operandFormats: formats ?? [operands],
          productCount: terms,
          sum: .aligned(fractionBitCount: bits, significandBitCount: isShort ? 13 : 23),
          promotionLength: nil,
          source: "MMA-Sim, arXiv 2511.10909"
        )
      )
    }
    add("volta", "float16", 4, 23)
    add("turing", "float16", 8, 24)
    for architecture in ["ampere", "ada"] {
      add(architecture, "float16", 8, 24)
      add(architecture, "bfloat16", 8, 24)
      add(architecture, "tf32", 4, 24)
    }
    add("ada", "float8", formats: float8, 16, 13)
    for architecture in ["hopper", "blackwell"] {
      add(architecture, "float16", 16, 25)
      add(architecture, "bfloat16", 16, 25)
      add(architecture, "tf32", 8, 25)
    }
    add("hopper", "float8", formats: float8, 32, 13)
    units.append(
      MatrixUnit(
        name: "hopper_float8_promoted",
        summary:
          "NVIDIA Hopper, float8, each sum of 128 products added to a float32 accumulator, as DeepSeek-V3 does",
        operandFormats: float8,
        productCount: 32,
        sum: .aligned(fractionBitCount: 13, significandBitCount: 13),
        promotionLength: 128,
        source: "DeepSeek-V3 technical report, arXiv 2412.19437; MMA-Sim, arXiv 2511.10909"
      )
    )
    add("blackwell", "float8", formats: float8, 32, 25)
    let bytes = (2...8).flatMap { ["int\($0)", "uint\($0)", "int\($0)_narrow"] }
    for (name, rule, words) in [
      ("vnni_int8", OverflowRule.wrap, "wrapping int32 sums (VPDPBUSD)"),
      ("vnni_int8_saturating", .saturate, "saturating int32 sums (VPDPBUSDS)"),
    ] {
      units.append(
        MatrixUnit(
          name: name,
          summary: "x86 VNNI, bytes: 4 products at once, \(words)",
          operandFormats: bytes,
          productCount: 4,
          sum: .int32(rule),
          promotionLength: nil,
          source: "Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2"
        )
      )
    }
    return units
  }()
}
