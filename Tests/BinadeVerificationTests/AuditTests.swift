import BinadeFormats
import BinadeNumerics
import BinadeVerification
import Testing

/// Mutants: converters with one bug each. Every one must be caught, and named.
@Suite struct AuditTests {
  static let ieee = ConversionPolicy(rounding: .nearestEven, overflow: .ieee)
  static let saturate = ConversionPolicy(rounding: .nearestEven, overflow: .saturate)

  /// The wrong inputs and the first finding.
  static func audit(
    _ name: String,
    _ policy: ConversionPolicy = ieee,
    _ converter: (Float, FormatCodec) throws -> UInt32
  ) throws -> (wrong: Int, finding: Diagnosis.Finding?) {
    let audit = try Audit(FormatCatalog().format(named: name), policy: policy)
    let inputs = AuditInputs.floats(try OracleSteps(audit.format, policy: policy))
    let found = try inputs.map { try converter($0, audit.codec) }
    let cases = audit.cases(inputs.map { Audit.widened($0) }, found: found)
    let wrong = cases.count { $0.found != $0.expected }
    return (wrong, wrong == 0 ? nil : Diagnosis(cases, of: audit).findings.first)
  }

  static let bugs: [(BitLevelEncoder.Bug, String)] = [
    (.stickyLost, "sticky bit lost"),
    (.tiesAway, "ties away from zero"),
    (.truncates, "rounds towardZero instead of nearestEven, but not beyond the range"),
    (.roundsAway, "rounds awayFromZero instead of nearestEven"),
    (.tiesUp, "ties up: floor(x + 0.5)"),
    (.flushesInput, "subnormals flushed to zero"),
    (.flushesOutput, "subnormal results flushed to zero"),
    (.carryLost, "carry into the exponent lost"),
    (.subnormalCarryLost, "carry from the subnormals into the normal numbers lost"),
    (.clampsFirst, "dialect p3109SatPropagate"),
    (.overflowsFirst, "overflow decided before rounding"),
    (.greatestUnused, "the greatest value is never written"),
    (.zeroSignLost, "the sign of zero lost"),
    (.nanToZero, "NaN becomes zero"),
    (.nanToGreatest, "NaN becomes the greatest value"),
    (.nanToInfinity, "NaN becomes an infinity"),
    (.nanTruncated, "NaN becomes an infinity where truncation drops its payload"),
    (.infinityToNaN, "infinities become NaN"),
    (.infinityToGreatest, "infinities become the greatest value"),
    (.signLost, "the sign lost"),
    (.halfAdded, "adds a half in float32 and truncates"),
  ]

  @Test("a float encoder on bits, without a bug and with each", arguments: bugs)
  func bitLevel(bug: BitLevelEncoder.Bug, name: String) throws {
    let right = BitLevelEncoder(exponentBitCount: 5, significandBitCount: 2, bug: .none)
    #expect(try Self.audit("float8_e5m2") { value, _ in right.encode(value) }.wrong == 0)
    let mutant = BitLevelEncoder(exponentBitCount: 5, significandBitCount: 2, bug: bug)
    let (wrong, finding) = try Self.audit("float8_e5m2") { value, _ in mutant.encode(value) }
    #expect(wrong > 0, "\(bug) was not caught")
    #expect(finding?.name == name, "\(bug): \(String(describing: finding))")
    // Truncation also moves where overflow begins, which is a fault of its own.
    #expect(finding?.isComplete == (bug != .truncates), "\(bug): \(String(describing: finding))")
  }

  @Test("float32 subnormals taken for zero, where the format has them")
  func denormalsAreZero() throws {
    let mutant = BitLevelEncoder(exponentBitCount: 8, significandBitCount: 7, bug: .denormalsAreZero)
    let right = BitLevelEncoder(exponentBitCount: 8, significandBitCount: 7, bug: .none)
    #expect(try Self.audit("bfloat16") { value, _ in right.encode(value) }.wrong == 0)
    let (wrong, finding) = try Self.audit("bfloat16") { value, _ in mutant.encode(value) }
    #expect(wrong > 0 && finding?.name == "float32 subnormals taken for zero")
  }

  @Test("NaN rounded like a number, and truncated, in bfloat16; what nothing explains is kept")
  func payloads() throws {
    for (bug, name) in [
      (
        BitLevelEncoder.Bug.nanRounded,
        "NaN rounded like a number: becomes an infinity, or zero where it carries over"
      ),
      (.nanTruncated, "NaN becomes an infinity where truncation drops its payload"),
    ] {
      let mutant = BitLevelEncoder(exponentBitCount: 8, significandBitCount: 7, bug: bug)
      let (wrong, finding) = try Self.audit("bfloat16") { value, _ in mutant.encode(value) }
      #expect(
        wrong > 0 && finding?.name == name && finding?.isComplete == true,
        "\(String(describing: finding))"
      )
    }
    for bits: UInt32 in [0x7F80_0001, 0xFFC0_0000, 0x7FFF_FFFF, 0x8000_0001, 0x7F80_0000, 0x3F80_0000] {
      #expect(Audit.singleBits(Audit.widened(Float(bitPattern: bits))) == bits)
    }
    let audit = try Audit(FormatCatalog().format(named: "float8_e5m2"), policy: Self.ieee)
    let inputs = AuditInputs.floats(try OracleSteps(audit.format, policy: Self.ieee))
    let mutant = BitLevelEncoder(exponentBitCount: 5, significandBitCount: 2, bug: .tiesAway)
    let found = inputs.map { $0 == 2 ? UInt32(0) : mutant.encode($0) }
    let diagnosis = Diagnosis(audit.cases(inputs.map { Audit.widened($0) }, found: found), of: audit)
    #expect(diagnosis.findings.first?.name == "ties away from zero")
    #expect(diagnosis.unexplained.map(\.input) == [2] && diagnosis.unexplainedCount == 1)
  }

  @Test("rounded through another format")
  func doubleRounding() throws {
    let between = try FormatCodec(FormatCatalog().format(named: "float16"), policy: Self.ieee)
    let (wrong, finding) = try Self.audit("float8_e4m3fn") { value, codec in
      codec.encode(between.decode(between.encode(value)))
    }
    #expect(wrong > 0 && finding?.name == "rounded twice, through float16" && finding?.isComplete == true)
  }

  @Test("float64 rounded through float32")
  func doubleRoundingOfDoubles() throws {
    let audit = try Audit(FormatCatalog().format(named: "float8_e4m3fn"), policy: Self.ieee)
    let inputs = AuditInputs.doubles(audit.codec)
    let right = audit.cases(inputs, found: inputs.map { audit.codec.encode($0) })
    #expect(right.allSatisfy { $0.found == $0.expected })
    let cases = audit.cases(inputs, found: inputs.map { audit.codec.encode(Float($0)) })
    #expect(Diagnosis(cases, of: audit).findings.first?.name == "rounded twice, through float32")
  }

  @Test("integers: a half added and floored, wrapped, the least value unused")
  func integers() throws {
    let half = try Self.audit("int8", Self.saturate) { value, codec in
      guard value.isFinite else { return codec.encode(value) }
      return UInt32(truncatingIfNeeded: Int(max(-128, min(127, (value + 0.5).rounded(.down))))) & 0xFF
    }
    #expect(half.wrong > 0 && half.finding?.name == "ties up: floor(x + 0.5)")
    let wrapped = try Self.audit("int8", Self.saturate) { value, codec in
      guard abs(value) < 0x1p62 else { return value.isFinite ? 0 : codec.encode(value) }
      return UInt32(truncatingIfNeeded: Int(value.rounded(.toNearestOrEven))) & 0xFF
    }
    #expect(wrapped.wrong > 0 && wrapped.finding?.name == "wraps around instead of saturating")
    let narrow = try Self.audit("int4", Self.saturate) { value, codec in
      let code = codec.encode(value)
      return code == 8 ? 9 : code
    }
    #expect(narrow.wrong > 0 && narrow.finding?.name == "the least value is never written")
  }

  @Test("posits: the arithmetic midpoint, zero for small numbers, NaR for large ones")
  func posits() throws {
    let codec = try FormatCodec(FormatCatalog().format(named: "posit8"), policy: Self.ieee)
    let rungs = try #require(codec.rungs)
    let midpoint = try Self.audit("posit8") { value, codec in
      guard value.isFinite, let above = rungs.firstIndex(where: { $0.value >= Double(value) }), above > 0
      else { return codec.encode(value) }
      let (low, high) = (rungs[above - 1], rungs[above])
      if high.value == Double(value) || low.value == 0 || high.value == 0 { return codec.encode(value) }
      let middle = (low.value + high.value) / 2
      let isUp = Double(value) > middle || (Double(value) == middle && high.code % 2 == 0)
      return isUp ? high.code : low.code
    }
    #expect(midpoint.wrong > 0)
    #expect(midpoint.finding?.name == "nearest by the arithmetic midpoint")
    let toZero = try Self.audit("posit8") { value, codec in abs(value) <= 0x1p-25 ? 0 : codec.encode(value) }
    #expect(toZero.wrong > 0 && toZero.finding?.name == "small numbers become zero")
  }

  @Test("logarithmic numbers: the boundary in the wrong domain")
  func wrongDomain() throws {
    let linear = try FormatCodec(FormatCatalog().format(named: "lns4.3_linear"), policy: Self.ieee)
    let (wrong, finding) = try Self.audit("lns4.3") { value, _ in linear.encode(value) }
    #expect(wrong > 0)
    #expect(
      ["nearest in the other domain, linear", "nearest by the arithmetic midpoint"].contains(
        finding?.name ?? ""
      )
    )
  }

  @Test("the exponent from a float log2, truncating")
  func floatLog2() throws {
    let policy = ConversionPolicy(rounding: .towardZero, overflow: .saturate)
    let (wrong, finding) = try Self.audit("float6_e2m3fn", policy) { value, codec in
      guard value.isFinite, abs(value) >= 1, abs(value) < 7.5 else { return codec.encode(value) }
      // Just below a power of two the logarithm rounds up to a whole number.
      let isNextBelow = abs(value).significand > 2 - 0x1p-21
      let step = Float(sign: .plus, exponent: abs(value).exponent + (isNextBelow ? 1 : 0) - 3, significand: 1)
      return codec.encode((value / step).rounded(.towardZero) * step)
    }
    #expect(
      wrong > 0 && finding?.name == "exponent from a float log2, one too high just below a power of two"
    )
  }

  @Test("a dialect that is another one is named")
  func dialects() throws {
    let torch = ConversionPolicy(dialect: .torch)
    let codec = try FormatCodec(FormatCatalog().format(named: "float8_e4m3fn"), policy: torch)
    let (wrong, finding) = try Self.audit("float8_e4m3fn", ConversionPolicy(dialect: .mlDtypes)) { value, _ in
      codec.encode(value)
    }
    #expect(wrong > 0 && finding?.isComplete == true)
    #expect(
      ["saturates: clamped before rounding", "dialect ocpSat", "dialect torch"].contains(finding?.name ?? "")
    )
  }

  @Test("a converter without a fault, and one with a fault nobody knows")
  func others() throws {
    #expect(try Self.audit("takum8") { value, codec in codec.encode(value) }.wrong == 0)
    let strange = try Self.audit("float8_e4m3fn") { value, codec in codec.encode(value) ^ 0x15 }
    #expect(strange.wrong > 1000 && strange.finding == nil)
  }

  @Test("any NaN code stands for NaN; values stand for their codes")
  func answers() throws {
    let audit = try Audit(FormatCatalog().format(named: "float8_e4m3fn"), policy: Self.ieee)
    #expect(audit.canonical(0xFF) == 0x7F && audit.canonical(0x38) == 0x38)
    #expect(audit.code(ofValue: 1) == 0x38 && audit.code(ofValue: -0.0) == 0x80)
    #expect(audit.code(ofValue: 1.01) == nil && audit.code(ofValue: .nan) == 0x7F)
    #expect(throws: CertificateError.self) {
      try Audit(FormatCatalog().format(named: "posit32"), policy: Self.ieee)
    }
  }
}
