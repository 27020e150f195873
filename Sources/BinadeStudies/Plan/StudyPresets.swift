/// Studies that ship with Binade.
public enum StudyPresets {
  /// The names, in the order of help.
  public static let names = ["quick", "formats-8bit", "four-bit-shootout", "block-formats", "accumulators"]

  /// The text of each.
  public static let all: [String: String] = [
    "quick": """
    study: quick
    formats: [int8, int4, float8_e4m3fn, posit8, bfloat16]
    limit: 200
    """,
    "formats-8bit": """
    study: formats-8bit
    formats: [int8, q3.4, float8_e3m4, float8_e4m3fn, float8_e4m3fnuz, float8_e5m2, posit8, takum8, lns4.3]
    calibration: [max, mse]
    """,
    "four-bit-shootout": """
    study: four-bit-shootout
    formats: [int4, nf4, float4_e2m1fn, posit4, pot4, lns2.1, mxfp4_e2m1, nvfp4, bfp4]
    ends: int8
    ptq: [naive, mse, best]
    """,
    "block-formats": """
    study: block-formats
    formats: [mxfp8_e4m3, mxfp8_e5m2, mxfp6_e2m3, mxfp6_e3m2, mxfp4_e2m1, mxint8, nvfp4, nvfp4_two_level, bfp4, bfp8, vsq4_s4]
    ends: [none, int8]
    """,
    "accumulators": """
    study: accumulators
    formats: [int8, float8_e4m3fn]
    accumulators: [cheapest, exact, bfloat16, float16, q15.16, "q15.16:wrap", "q7.16:wrap"]
    limit: 200
    """,
  ]
}
