import Foundation
import Testing

/// Audits of programs and libraries that misbehave: always an answer in time, always everything stopped.
@Suite(.enabled(if: InstructionSetLimitTests.program != nil, "binade is not built"))
struct AuditProcessTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func run(_ script: String, limit: Int = 60) throws -> ProgramRun {
    try ProgramRun(script, in: scratch.url, limit: limit)
  }

  /// A converter to uint2 in Python; `more` comes at its end.
  private func converter(_ more: String = "") throws -> String {
    let script = """
      import os, signal, struct, subprocess, sys, time
      data = sys.stdin.buffer.read()
      for (x,) in struct.iter_unpack('<f', data):
          sys.stdout.buffer.write(bytes([0 if x != x or x <= 0 else min(3, round(min(x, 9)))]))
      sys.stdout.flush()
      \(more)
      """
    return try scratch.write("conv.py", Data(script.utf8))
  }

  private static let audit = "$B audit --format uint2 --overflow saturate"

  @Test(
    "--timeout holds whatever came before",
    arguments: [
      "printf x; exec sleep 1000", "head -c 60000 /dev/zero; exec sleep 1000", "yes >&2", "sleep 1000 & wait",
    ]
  )
  func timeout(command: String) throws {
    let run = try run("\(Self.audit) --timeout 1 --command '\(command)'")
    #expect(run.status == 2 && run.errors.contains("wrote nothing for 1 s and was stopped"), "\(run.errors)")
    #expect(run.seconds < 8, "\(run.seconds)")
  }

  @Test(
    "what a converter leaves running is not waited for, and stopped",
    // Each sleeps for a time of its own, so that it is known among those of other tests.
    arguments: [
      ("(sleep 60.1 > /dev/null < /dev/null) &", "sleep 60.1"), ("(sleep 60.2) &", "sleep 60.2"),
      ("setsid sh -c 'exec sleep 60.3' &", "sleep 60.3"),
    ]
  )
  func descendants(start: String, name: String) throws {
    _ = try converter()
    _ = try scratch.write("run.sh", Data("\(start)\npython3 conv.py\n".utf8))
    let run = try run(
      "\(Self.audit) --timeout 20 --command 'sh run.sh'; echo $?; ps -e -o args | grep -c '^\(name)'"
    )
    #expect(run.text.contains("mismatches   0"), "\(run.text) \(run.errors)")
    #expect(run.text.hasSuffix("\n0\n0\n"), "\(run.text)")
    #expect(run.seconds < 15)
  }

  @Test(
    "an interrupted audit takes its converter along",
    arguments: [("INT", "sleep 61.1", 130), ("TERM", "sleep 61.2", 143)]
  )
  func interrupted(signal: String, name: String, status: Int) throws {
    let run = try run(
      "timeout --preserve-status -s \(signal) 1 \(Self.audit) --command 'exec \(name)'; echo $?; "
        + "ps -e -o args | grep -c '^\(name)'"
    )
    #expect(run.text == "\(status)\n0\n", "\(run.text) \(run.errors)")
  }

  @Test("signals that are ignored here have their usual meaning in converters")
  func signals() throws {
    let command = "grep -E \"Sig(Ign|Blk)\" /proc/self/status > masks; exit 3"
    let run = try run("trap '' PIPE INT TERM; \(Self.audit) --command '\(command)'")
    #expect(run.status == 2)
    let masks = try String(contentsOfFile: scratch.path("masks"), encoding: .utf8).split(separator: "\n")
    #expect(masks.count == 2)
    for mask in masks {
      let bits = try #require(UInt64(mask.split(separator: "\t")[1], radix: 16))
      for signal in [SIGPIPE, SIGINT, SIGTERM] { #expect(bits >> UInt64(signal - 1) & 1 == 0, "\(masks)") }
    }
  }

  private static let library = """
    #include <math.h>
    #include <stdint.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <unistd.h>
    void good(const float *in, uint8_t *out, size_t n) {
      puts("talkative");
      for (size_t i = 0; i < n; i++) {
        double x = in[i];
        out[i] = x != x || x <= 0 ? 0 : (uint8_t)fmin(3, nearbyint(fmin(x, 9)));
      }
    }
    void crash(const float *in, uint8_t *out, size_t n) { *(volatile int *)8 = 1; }
    void aborts(const float *in, uint8_t *out, size_t n) { abort(); }
    void leaves(const float *in, uint8_t *out, size_t n) { exit(0); }
    void hangs(const float *in, uint8_t *out, size_t n) { for (;;) sleep(1); }
    """

  @Test("libraries that crash, end the process or hang are reported, with status 2")
  func libraries() throws {
    _ = try scratch.write("l.c", Data(Self.library.utf8))
    let built = try run("cc -shared -fPIC -o l.so l.c -lm")
    try #require(built.status == 0, "\(built.errors)")
    // Where other tests fill the machine, a process may take seconds to begin: only one is waited for in vain.
    func audit(_ symbol: String) throws -> ProgramRun {
      try run("\(Self.audit) --timeout \(symbol == "hangs" ? 2 : 60) --library ./l.so --symbol \(symbol)")
    }
    let good = try audit("good")
    #expect(good.status == 0 && good.text.contains("mismatches   0"), "\(good.text) \(good.errors)")
    for (symbol, message) in [
      ("crash", "'./l.so crash' ended with signal 11 before it was done"),
      ("aborts", "'./l.so aborts' ended with signal 6 before it was done"),
      ("leaves", "'./l.so leaves' wrote 0 bytes"), ("hangs", "wrote nothing for 2 s and was stopped"),
      ("nothing", "./l.so: has no symbol 'nothing'"),
    ] {
      let run = try audit(symbol)
      #expect(run.status == 2 && run.errors.contains(message), "\(symbol): \(run.errors)")
      #expect(run.text.isEmpty && run.seconds < 60)
    }
    let missing = try run("\(Self.audit) --library ./m.so --symbol f")
    #expect(missing.status == 2 && missing.errors.contains("./m.so: cannot be loaded: "), "\(missing.errors)")
  }

  @Test("what is not explained is shown first, and --list has all")
  func list() throws {
    let script = """
      import math, struct, sys
      for (x,) in struct.iter_unpack('<f', sys.stdin.buffer.read()):
          if x == 2: c = 0
          else: c = 0 if x != x or x <= 0 else min(3, math.floor(min(x, 9) + 0.5))
          sys.stdout.buffer.write(bytes([c]))
      """
    _ = try scratch.write("half.py", Data(script.utf8))
    let run = try run("\(Self.audit) --list all.tsv --command 'python3 half.py'")
    #expect(run.status == 1, "\(run.errors)")
    #expect(
      run.text.contains("unexplained  2.0: expected 0x2 (2.0), found 0x0 (0.0)\nfirst        0.5"),
      "\(run.text)"
    )
    let lines = try String(contentsOfFile: scratch.path("all.tsv"), encoding: .utf8).split(separator: "\n")
    let count = try #require(run.text.firstMatch(of: /mismatches   ([0-9]+)/).flatMap { Int($0.1) })
    #expect(lines.count == count + 1 && count > 2)
    #expect(lines.contains("2.0\t0x40000000\t0x2\t0x0 (0.0)"), "\(lines)")
  }

  @Test(
    "all 2^32 inputs: each example once, --list has all (BINADE_LONG_TESTS=1, two minutes)",
    .enabled(if: ProcessInfo.processInfo.environment["BINADE_LONG_TESTS"] == "1")
  )
  func exhaustiveList() throws {
    let good = Self.library.replacing("double x = in[i];", with: "double x = in[i] == 2 ? 0 : in[i];")
    _ = try scratch.write("l.c", Data(good.utf8))
    let run = try run(
      "cc -O2 -shared -fPIC -o l.so l.c -lm && \(Self.audit) --exhaustive --list all --library ./l.so --symbol good",
      limit: 600
    )
    #expect(run.status == 1, "\(run.errors)")
    let wrong = "2.0: expected 0x2 (2.0), found 0x0 (0.0)"
    #expect(run.text.split(separator: "\n").count { $0.hasSuffix(wrong) } == 1, "\(run.text)")
    let lines = try String(contentsOfFile: scratch.path("all"), encoding: .utf8).split(separator: "\n")
    #expect(lines.dropFirst() == ["2.0\t0x40000000\t0x2\t0x0 (0.0)"])
  }

  @Test("last words of a converter stand apart, without what moves a terminal")
  func lastWords() throws {
    let run = try run("\(Self.audit) --command 'printf \"a\\033[2Jb\\nbinade: all is well\\n\" >&2; exit 7'")
    #expect(run.status == 2)
    #expect(run.errors.hasSuffix("its last words:\n  a\\u001b[2Jb\n  binade: all is well\n"), "\(run.errors)")
  }
}
