import BinadeCommands
import Foundation
import Testing

/// Where results go: devices, FIFOs and links are written through, files keep their modes, and nothing is left behind.
@Suite(.enabled(if: InstructionSetLimitTests.program != nil, "binade is not built"))
struct OutputFileTests {
  let scratch: ScratchFolder

  init() throws {
    scratch = try ScratchFolder()
    _ = try scratch.write("s.f32", floats: (0..<1000).map { Float($0 % 13) - 6 })
  }

  private func run(_ script: String, limit: Int = 60) throws -> ProgramRun {
    try ProgramRun(script, in: scratch.url, limit: limit)
  }

  private func mode(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path(name))
    return try #require((attributes[.posixPermissions] as? NSNumber)?.intValue)
  }

  private static let encode = "$B encode --format int4 --overflow saturate --input s.f32 --output"

  @Test("a device stays one")
  func device() throws {
    let made = try run("mknod n c 1 3")
    try #require(made.status == 0 || made.errors.contains("not permitted"))
    let name = made.status == 0 ? "n" : "/dev/null"
    for command in [Self.encode, "$B formats table --output"] {
      let run = try run("\(command) \(name) && stat -c %F \(name)")
      #expect(run.status == 0 && run.text.hasSuffix("character special file\n"), "\(run.text) \(run.errors)")
    }
  }

  @Test("a FIFO is written through, and one that nobody reads is waited for with a word")
  func fifo() throws {
    let run = try run(
      "mkfifo f; cat f > got & \(Self.encode) f; wait; wc -c < got; stat -c %F f; ($B formats table > t1); "
        + "cat f > t2 & $B formats table --output f; wait; cmp t1 t2 && echo same"
    )
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.text == "1000\nfifo\nwritten: f\nsame\n", "\(run.text)")
    let waiting = try self.run("timeout --preserve-status -s TERM 3 \(Self.encode) f")
    #expect(waiting.status == 143)
    #expect(waiting.errors.contains("note: f: waiting for a program that reads from it; Ctrl-C ends this"))
  }

  @Test("a FIFO that nobody opens at its other end is given up")
  func patience() throws {
    _ = try run("mkfifo f")
    let patience = Patience(note: .seconds(60), end: .milliseconds(100))
    for text in [
      "f: cannot be read: no program opened it for writing within 0 s",
      "f: cannot be written: no program opened it for reading within 0 s",
    ] {
      let error = #expect(throws: (any Error).self) {
        if text.contains("read:") {
          _ = try InputFile(scratch.path("f"), patience: patience)
        } else {
          _ = try OutputFile(scratch.path("f"), patience: patience)
        }
      }
      #expect(error.map { "\($0)".hasSuffix(text) } == true, "\(String(describing: error))")
    }
  }

  @Test("links are followed, also to what is not there yet, and stay links")
  func links() throws {
    let run = try run(
      "mkdir d; ln -s d/real link; echo old > kept; ln -s kept other; \(Self.encode) link && \(Self.encode) other && "
        + "readlink link other; wc -c < d/real; wc -c < kept; ls d"
    )
    #expect(run.text == "d/real\nkept\n1000\n1000\nreal\n", "\(run.text) \(run.errors)")
    let loop = try self.run("ln -s b a; ln -s a b; \(Self.encode) a")
    #expect(
      loop.status == 2 && loop.errors.contains("a: cannot be written: too many levels"),
      "\(loop.errors)"
    )
  }

  @Test("a file that is replaced keeps its mode; a new one has what the mask leaves")
  func modes() throws {
    let run = try run(
      "umask 027; echo x > secret; chmod 600 secret; echo x > page; chmod 604 page; \(Self.encode) secret && "
        + "\(Self.encode) new && $B formats table --output page"
    )
    #expect(run.status == 0, "\(run.errors)")
    #expect(try mode("secret") == 0o600 && mode("new") == 0o640 && mode("page") == 0o604)
  }

  @Test("a full disk, a name that is too long: one sentence with the path, nothing left behind")
  func failures() throws {
    let long = String(repeating: "n", count: 300)
    let full = try run("\(Self.encode) /dev/full")
    #expect(full.status == 2)
    #expect(full.errors == "binade: /dev/full: cannot be written: the disk is full\n", "\(full.errors)")
    let name = try run("\(Self.encode) \(long)")
    #expect(
      name.status == 2 && name.errors.contains("\(long): cannot be written: file name too long"),
      "\(name.errors)"
    )
    let nearly = try run("\(Self.encode) \(long.prefix(250)) && wc -c < \(long.prefix(250))")
    #expect(nearly.text == "1000\n", "\(nearly.errors)")
    let closed = try run("\(Self.encode) - >&-")
    #expect(closed.status == 2 && closed.errors.contains("standard output: cannot be written"))
    #expect(try scratch.files == [String(long.prefix(250)), "s.f32"])
  }

  @Test("what is interrupted leaves nothing behind", arguments: ["INT", "TERM", "HUP"])
  func interrupted(signal: String) throws {
    // A FIFO that gives some elements and then nothing more.
    let run = try run(
      "mkfifo f; (cat s.f32; sleep 10) > f & (sleep 1; ls) & timeout --preserve-status -s \(signal) 2 "
        + "$B quantize --format int8 --input f --output y.npy --codes z; echo $?; ls"
    )
    let status = ["INT": 130, "TERM": 143, "HUP": 129][signal] ?? 0
    let lines = run.text.split(separator: "\n")
    #expect(lines.count { $0.contains(".partial-") } == 2, "\(run.text) \(run.errors)")
    #expect(lines.suffix(3) == ["\(status)", "f", "s.f32"], "\(run.text) \(run.errors)")
  }
}
