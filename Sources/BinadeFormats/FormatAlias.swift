/// A name in use elsewhere for a format that Binade calls otherwise.
///
/// Most stand for one format. Some stand for several ("fp8"): those are never resolved, what is meant has to be said.
public struct FormatAlias: Sendable, Hashable {
  /// The name, in lower case.
  public let name: String
  /// The names in the catalogue that it can mean, the most usual first.
  public let meanings: [String]

  /// Whether it stands for more than one format.
  public var isAmbiguous: Bool { meanings.count > 1 }

  /// All aliases: a line for each format or choice, the names that people use for it after it.
  public static let all: [FormatAlias] = table.flatMap { row in
    row.names.map { FormatAlias(name: $0, meanings: row.meanings) }
  }

  private static let table: [(meanings: [String], names: [String])] = [
    (["float32"], ["fp32", "f32", "float", "single", "binary32"]),
    (["float16"], ["fp16", "f16", "half", "binary16"]),
    (["bfloat16"], ["bf16", "brainfloat16"]),
    (["tf32"], ["tensorfloat32", "tfloat32"]),
    (["dlfloat16"], ["dlfloat"]),

    // OCP's name E4M3 has no infinities; an IEEE 754 layout of the same widths has.
    (["float8_e4m3fn", "float8_e5m2"], ["fp8", "float8", "f8"]),
    (["float8_e4m3fn", "float8_e4m3"], ["e4m3", "f8e4m3"]),
    (["float8_e4m3fn"], ["fp8_e4m3", "fp8_e4m3fn", "fp8e4m3", "e4m3fn", "f8_e4m3", "f8e4m3fn", "ofp8_e4m3"]),
    (["float8_e5m2"], ["fp8_e5m2", "fp8e5m2", "e5m2", "f8_e5m2", "f8e5m2", "ofp8_e5m2"]),
    (["float8_e4m3fnuz"], ["fp8_e4m3fnuz", "e4m3fnuz", "f8e4m3fnuz"]),
    (["float8_e5m2fnuz"], ["fp8_e5m2fnuz", "e5m2fnuz", "f8e5m2fnuz"]),
    (["float8_e4m3b11fnuz"], ["fp8_e4m3b11fnuz", "e4m3b11fnuz", "f8e4m3b11fnuz"]),
    (["float8_e3m4"], ["fp8_e3m4", "e3m4", "f8e3m4"]),
    (["float8_e8m0fnu"], ["fp8_e8m0", "e8m0", "e8m0fnu", "ue8m0", "f8_e8m0", "f8e8m0fnu"]),
    (["float8_ue5m3"], ["fp8_ue5m3", "ue5m3"]),
    (["hif8"], ["hifloat8", "hi_float8"]),

    (["float6_e2m3fn", "float6_e3m2fn"], ["fp6", "float6", "f6"]),
    (["float6_e2m3fn", "float6_e2m3"], ["e2m3"]),
    (["float6_e3m2fn", "float6_e3m2"], ["e3m2"]),
    (["float6_e2m3fn"], ["fp6_e2m3", "fp6_e2m3fn", "e2m3fn", "f6_e2m3", "f6e2m3fn"]),
    (["float6_e3m2fn"], ["fp6_e3m2", "fp6_e3m2fn", "e3m2fn", "f6_e3m2", "f6e3m2fn"]),
    (["float4_e2m1fn"], ["fp4", "float4", "f4", "fp4_e2m1", "float4_e2m1", "e2m1", "e2m1fn", "f4e2m1fn"]),
    (["float4_e1m2fn"], ["fp4_e1m2", "float4_e1m2", "e1m2", "e1m2fn"]),

    (["int4"], ["i4", "s4"]), (["int8"], ["i8", "s8"]), (["int16"], ["i16", "s16"]),
    (["uint4"], ["u4"]), (["uint8"], ["u8"]),
    (["int4_narrow"], ["int4_symmetric"]), (["int8_narrow"], ["int8_symmetric"]),
    (["nf4"], ["normalfloat4"]),

    (["mxfp8_e4m3", "mxfp8_e5m2"], ["mxfp8"]),
    (["mxfp6_e2m3", "mxfp6_e3m2"], ["mxfp6"]),
    (["mxfp4_e2m1"], ["mxfp4"]),
    (["bfp4"], ["msfp12"]), (["bfp8"], ["msfp16"]),
  ]

  /// The alias called `name`; nil when there is none.
  static func named(_ name: String) -> FormatAlias? { byName[name] }

  private static let byName = Dictionary(
    all.map { ($0.name, $0) },
    uniquingKeysWith: { first, _ in first }
  )
}

/// A name that stands for more than one format.
public struct AmbiguousFormatName: Error, Sendable, Hashable, CustomStringConvertible {
  /// One of the formats that a name can mean.
  public struct Meaning: Sendable, Hashable {
    /// The name in the catalogue.
    public let name: String
    /// What tells it from the others.
    public let remark: String
  }

  /// What was asked for.
  public let name: String
  /// What it can mean.
  public let meanings: [Meaning]

  /// One sentence: what was asked for, and what it can mean.
  public var description: String {
    let choices = meanings.map { "'\($0.name)' (\($0.remark))" }
    return "the format '\(name)' can be \(choices.joined(separator: " or ")); name the one you mean"
  }
}
