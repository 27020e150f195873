import Foundation
import Testing

/// What completion scripts ask the program, and what it offers.
@Suite struct NameCompletionTests {
  /// What is offered where `typed` ends the line `binade words ... typed`.
  private func offers(_ command: [String], _ argument: String, _ words: [String] = [], typed: String)
    -> [String]
  {
    let line = ["binade"] + command + words + [typed]
    let run = CommandRun(
      ["---completion"] + command + ["--", argument, "\(line.count - 1)", "\(typed.count)"] + line,
      environment: [:]
    )
    #expect(run.status == 0, "\(run.errors)")
    // The parser remembers, for the whole process, the shell of the last script generated, and ends zsh's offers with
    // a blank that the script drops: whether another test has asked for that script says nothing of the offers.
    return run.output.split(separator: "\n").map(String.init).filter { $0 != " " }
  }

  @Test("names of formats, aliases among them")
  func formats() {
    #expect(offers(["formats", "show"], "positional@0", typed: "hif") == ["hif8", "hifloat8"])
    #expect(
      offers(["encode"], "--format", typed: "float6_").sorted() == [
        "float6_e2m3", "float6_e2m3fn", "float6_e3m2", "float6_e3m2fn",
      ]
    )
    #expect(offers(["verify"], "positional@0", typed: "mxfp4") == ["mxfp4_e2m1", "mxfp4"])
    #expect(offers(["formats", "show"], "positional@0", typed: "zzz").isEmpty)
  }

  @Test("lists and quantizers are completed from what stands before")
  func lists() {
    let compare = { self.offers(["compare"], "--formats", typed: $0) }
    #expect(compare("int4,hif8") == ["int4,hif8"])
    #expect(compare("int4/nf") == ["int4/nf4"])
    #expect(compare("int4,int8:") == ["int4,int8:tensor", "int4,int8:channel"])
    #expect(compare("int4:channel:o") == ["int4:channel:octav"])
    #expect(
      compare("int4:channel:max:nearest") == [
        "int4:channel:max:nearestEven", "int4:channel:max:nearestAway",
      ]
    )
    #expect(offers(["verify"], "--rounding", typed: "up,toO") == ["up,toOdd"])
    #expect(offers(["verify"], "--operations", typed: "add,f") == ["add,fma"])
    #expect(offers(["evaluate"], "--ptq", typed: "aciq+bias-") == ["aciq+bias-variance"])
  }

  @Test("accumulators are formats and what is none")
  func accumulators() {
    #expect(offers(["evaluate"], "--accumulator", typed: "ex") == ["exact"])
    #expect(offers(["evaluate"], "--accumulator", typed: "bfloat16") == ["bfloat16"])
  }

  @Test("definition files and folders where a path is begun; formats of folders on the line")
  func paths() throws {
    let scratch = try ScratchFolder()
    _ = try scratch.write(
      "ternary.yaml",
      Data("name: ternary\nfamily: codebook\nvalues: [-1, 0, 1]\nsource: a test\n".utf8)
    )
    _ = try scratch.write("notes.txt", Data())
    #expect(offers(["encode"], "--format", typed: scratch.url.path + "/") == [scratch.path("ternary.yaml")])
    let words = ["--format-folder", scratch.url.path]
    #expect(offers(["verify"], "positional@0", words, typed: "tern") == ["ternary"])
  }

  @Test(
    "scripts for three shells name the architectures, rounding rules and dialects",
    arguments: ["bash", "zsh", "fish"]
  )
  func scripts(shell: String) {
    let run = CommandRun("--generate-completion-script", shell)
    #expect(run.status == 0, "\(run.errors)")
    for name in ["resnet20-cifar", "nearestAway", "p3109SatFinite", "rceil", "---completion"] {
      #expect(run.output.contains(name), "\(name)")
    }
  }
}
