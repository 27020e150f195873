import Binade
import Foundation
import Testing

/// Bad usage and bad input: exit status 2, one sentence, nothing half-written.
@Suite struct BadInputTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func message(_ arguments: String...) -> String {
    let run = CommandRun(arguments)
    #expect(run.status == 2, "\(arguments): \(run.output)")
    #expect(run.output.isEmpty, "\(run.output)")
    return run.errors.replacing(scratch.url.path, with: "DIR")
  }

  @Test("unknown names suggest the nearest")
  func names() {
    #expect(
      message("formats", "show", "bfloat17")
        == "binade: no format 'bfloat17'; did you mean 'bfloat16'? ('binade formats list' shows all; "
        + "a path to a .yaml file works too)\n"
    )
    #expect(message("compare", "--formats", "int4:chanel").contains("did you mean 'channel'?"))
    #expect(message("verify", "int4", "--rounding", "nearesteven").contains("did you mean 'nearestEven'?"))
    #expect(message("cost", "resnet51").contains("did you mean 'resnet50'?"))
    for multiplier in ["nan", "1e300", "0"] {
      #expect(
        message("cost", "resnet20-cifar", "--width-multiplier", multiplier).contains("'widthMultiplier' is")
      )
    }
    #expect(message("frobnicate").contains("frobnicate"))
    #expect(message("compare", "--limit", "0").contains("--limit must be at least 1, found 0"))
    #expect(message("compare", "--threads", "0").contains("--threads must be 1 to 1024"))
    #expect(message("assign").contains("give --budget B, or --curve N"))
    #expect(message("assign", "--curve", "1").contains("--curve must be 2 to 1000, found 1"))
    #expect(
      message("assign", "--curve", "9", "--formats", "int4,int4").contains("--formats names a format twice")
    )
    #expect(message("assign", "--curve", "9", "--formats", "int4,itn8").contains("did you mean 'int8'?"))
    let few = ["assign", "--formats", "int4,int8", "--limit", "4", "--sensitivity-images", "2", "--budget"]
    let low = CommandRun(few + ["1k"])
    #expect(
      low.status == 2 && low.errors.contains("the budget 1000 is below what these formats can cost; choose ")
    )
    #expect(CommandRun(few + ["1000G"]).errors.contains("is above what these formats can cost"))
    #expect(CommandRun(few + ["fuor"]).errors.contains("no format 'fuor'"))
    #expect(message("verify").contains("name formats to verify, or say --all"))
  }

  @Test("files that are missing, truncated or not what they claim")
  func files() throws {
    #expect(
      message("evaluate", "--model", scratch.path("m"), "--data", scratch.url.path)
        == "binade: DIR/m: cannot be read: no such file\n"
    )
    let model = try scratch.write("m", Data([8, 0, 0, 0, 0, 0, 0, 0]))
    #expect(
      message("evaluate", "--model", model, "--data", scratch.url.path).contains("the header claims 8 bytes")
    )
    // Without --data, images are the embedded digits.
    let colours = URL(filePath: scratch.path("colours.safetensors"))
    let resolved = try ArchitectureName.resolve("resnet8-cifar")
    try Model.write(
      resolved,
      NetworkParameters(resolved.graph, seed: 0),
      Normalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1]),
      to: colours
    )
    let needed = message("evaluate", "--model", colours.path)
    #expect(needed.contains("the embedded digits are") && needed.contains("name its images with --data"))
    try FileManager.default.removeItem(at: colours)
    let odd = try scratch.write("x.f32", Data([1, 2, 3]))
    #expect(
      message("encode", "--format", "int8", "--input", odd, "--output", scratch.path("y"))
        == "binade: DIR/x.f32: 3 bytes of data are no multiple of 4, the size of an element; truncated?\n"
    )
    let npy = try scratch.write("x.npy", Data("not numpy".utf8))
    #expect(
      message("encode", "--format", "int8", "--input", npy, "--output", scratch.path("y"))
        == "binade: DIR/x.npy: no .npy file: the magic string is missing\n"
    )
    #expect(
      message("encode", "--format", "int8", "--input", scratch.url.path, "--output", scratch.path("y"))
        == "binade: DIR: cannot be read: it is a folder\n"
    )
    #expect(try scratch.files == ["m", "x.f32", "x.npy"])
  }

  @Test("NaN into a format without NaN is counted and nothing is written")
  func nan() throws {
    let input = try scratch.write("x.f32", floats: [1, .nan, -.nan])
    #expect(
      message("encode", "--format", "int8", "--input", input, "--output", scratch.path("y"))
        == "binade: DIR/x.f32: 2 NaNs, and 'int8' has none; nothing was written\n"
    )
    #expect(
      message("quantize", "--format", "float4_e2m1fn", "--input", input, "--output", scratch.path("y"))
        .contains("2 NaNs")
    )
    #expect(try scratch.files == ["x.f32"])
  }

  @Test("codes outside the format, and scales that are none")
  func codes() throws {
    let input = try scratch.write("x.bin", Data([1, 0x10]))
    #expect(
      message("decode", "--format", "int4", "--input", input, "--output", scratch.path("y"))
        == "binade: DIR/x.bin: element 1 is 0x10; codes of 'int4' have 4 bits\n"
    )
    let floats = try scratch.write("x.f32", floats: [1])
    #expect(
      message(
        "quantize",
        "--format",
        "int4",
        "--scale",
        "0",
        "--input",
        floats,
        "--output",
        scratch.path("y")
      ).contains("--scale must be a positive normal float32 number, found 0.0")
    )
    #expect(try scratch.files == ["x.bin", "x.f32"])
  }

  @Test("outputs that cannot be written")
  func outputs() throws {
    let file = try scratch.write("file", Data())
    #expect(
      message("compare", "--formats", "int4", "--limit", "1", "--output", file + "/below")
        == "binade: DIR/file/below: cannot be written; name a folder that exists and allows writing, or one "
        + "that can be made\n"
    )
    let input = try scratch.write("x.f32", floats: [1])
    #expect(
      message("encode", "--format", "int4", "--input", input, "--output", scratch.path("no/y"))
        .contains("DIR/no/y: cannot be written")
    )
    #expect(
      message("encode", "--format", "int4", "--input", input, "--output", scratch.url.path)
        == "binade: DIR: is a folder; name the file to write\n"
    )
  }

  @Test(
    "an output that is the input, under whatever name, is refused and stays as it is",
    arguments: [
      ["encode", "--format", "int8"], ["encode", "--format", "int8", "--rounding", "stochastic"],
      ["decode", "--format", "float32"], ["decode", "--format", "int8", "--packed"],
      ["quantize", "--format", "int8"], ["quantize", "--format", "mxfp4_e2m1"],
      ["arith", "--format", "float32", "--op", "sqrt"],
    ]
  )
  func outputIsInput(command: [String]) throws {
    let input = try scratch.write("x.bin", floats: [1, 2])
    let files = FileManager.default
    try files.createDirectory(atPath: scratch.path("folder"), withIntermediateDirectories: false)
    try files.createSymbolicLink(atPath: scratch.path("link"), withDestinationPath: input)
    try files.linkItem(atPath: input, toPath: scratch.path("twin"))
    for (name, message) in [
      ("x.bin", "DIR/x.bin: is the input file, which would be replaced; name another file to write"),
      ("folder/../x.bin", "DIR/folder/../x.bin: is the input file DIR/x.bin, which would be replaced"),
      ("link", "DIR/link: is the input file DIR/x.bin"), ("twin", "DIR/twin: is the input file DIR/x.bin"),
    ] {
      let run = CommandRun(command + ["--input", input, "--output", "\(scratch.url.path)/\(name)"])
      #expect(run.status == 2, "\(name)")
      #expect(run.errors.replacing(scratch.url.path, with: "DIR").contains(message), "\(run.errors)")
    }
    #expect(try scratch.floats("x.bin") == [1, 2])
    #expect(try scratch.files == ["folder", "link", "twin", "x.bin"])
    let other = CommandRun(command + ["--input", input, "--output", scratch.path("y")])
    #expect(other.status == 0, "\(other.errors)")
  }

  @Test("arith: no operand is replaced")
  func outputIsOperand() throws {
    let (a, b) = (try scratch.write("a.bin", Data([1])), try scratch.write("b.bin", Data([2])))
    let operands = ["arith", "--format", "int8", "--op", "add", "--input", "\(a),\(b)", "--output"]
    let run = CommandRun(operands + [b])
    #expect(run.status == 2)
    #expect(run.errors.contains("b.bin: is the input file"))
    #expect(CommandRun(operands + [scratch.path("c.bin")]).status == 0)
  }

  @Test("definition files: file, line and nearest key")
  func definitions() throws {
    let yaml = try scratch.write(
      "bad.yaml",
      Data("name: bad\nfamily: integer\nbitwidth: 4\nsource: a test\n".utf8)
    )
    let text = message("formats", "show", yaml)
    #expect(text.contains("bad.yaml:3: unknown key 'bitwidth'; did you mean 'bitWidth'?"))
    #expect(message("formats", "list", "--format-folder", scratch.path("none")).contains("not a folder"))
  }

  @Test(
    "a bad file of a folder is named on standard error and left out, but nothing is proven of all formats then"
  )
  func badFileInFolder() throws {
    let folder = scratch.url.appending(path: "formats")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    try Data("name: bad\nfamily: integer\nbitwidth: 4\nsource: a test\n".utf8)
      .write(to: folder.appending(path: "bad.yaml"))
    try Data("name: good\nfamily: codebook\nvalues: [0, 1]\nsource: a test\n".utf8)
      .write(to: folder.appending(path: "x.yaml"))
    let list = CommandRun("formats", "list", "--format-folder", folder.path)
    #expect(list.status == 0 && list.output.contains("\ngood "))
    #expect(list.errors.contains("warning: left out: ") && list.errors.contains("bad.yaml:3: unknown key"))
    let floats = try scratch.write("x.f32", floats: [1])
    let options = ["--format-folder", folder.path, "--input", floats, "--output", scratch.path("y")]
    let run = CommandRun(["quantize", "--format", "good"] + options)
    #expect(run.status == 0)
    #expect(run.errors.components(separatedBy: "warning: left out").count == 2, "\(run.errors)")
    #expect(
      message("verify", "--all", "--format-folder", folder.path).contains(
        "bad.yaml:3: unknown key 'bitwidth'"
      )
    )
  }

  @Test("no escape code of a file's name or text reaches the terminal")
  func escapeCodes() throws {
    let yaml = try scratch.write("a\u{1B}[31m.yaml", Data("name: \"\\e[31m\"\nfamily: integer".utf8))
    let text = message("formats", "show", yaml)
    #expect(!text.contains("\u{1B}") && text.contains("a\\u001b[31m.yaml"), "\(text)")
  }

  @Test("two formats of one name in one run are refused; names with slashes are paths")
  func sameName() throws {
    let yaml = try scratch.write(
      "int4.yaml",
      Data("name: int4\nfamily: integer\nbitWidth: 4\nrange: narrow\nsource: a test\n".utf8)
    )
    #expect(message("formats", "show", yaml).contains("the name 'int4' is defined twice"))
    #expect(message("compare", "--formats", "int4/").contains("no format ''"))
  }

  @Test("a model's file name is never a command")
  func quoting() throws {
    let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "models/mnist5k")
    let name = "`touch \(scratch.path("pwned"))`'\"x.safetensors".replacing("/", with: "_")
    try FileManager.default.copyItem(
      at: source.appending(path: "resnet8-mnist5k.safetensors"),
      to: scratch.url.appending(path: name)
    )
    let run = CommandRun(
      "compare",
      "--model",
      scratch.path(name),
      "--data",
      source.path,
      "--formats",
      "int4",
      "--limit",
      "2",
      "--output",
      scratch.path("out")
    )
    #expect(run.status == 0, "\(run.errors)")
    let script = try String(contentsOfFile: scratch.path("out/pareto.gp"), encoding: .utf8)
    let title = try #require(script.split(separator: "\n").first { $0.hasPrefix("set title") })
    #expect(title.hasPrefix("set title '"))
    #expect(title.contains("''"))
  }

  @Test(
    "wrong usage found while a command runs shows the command's own usage, as what is found before does",
    arguments: [
      (["encode"], ["--packed", "--format", "float16"], ["--format", "int4", "--seed", "7"]),
      (["quantize"], ["--format", "int4", "--scale-rule", "even"], ["--format", "int4", "--seed", "7"]),
      (["verify", "int4"], ["--rounding", "up,stochastic"], ["--long"]),
      (["verify", "mxfp4_e2m1"], ["--exhaustive"], ["--long"]),
      (["verify", "int4"], ["--rounding", "stochastic", "--exhaustive"], ["--long"]),
      (["verify", "mxfp4_e2m1"], ["--rounding", "stochastic"], ["--long"]),
      (["compare"], ["--formats", ""], ["--limit", "0"]),
      (["compare"], ["--formats", "a/b/c"], ["--limit", "0"]),
      (["evaluate"], ["--ends", "a/b/c"], ["--limit", "0"]),
      (["cost", "resnet20-cifar"], ["--shortcut", "C"], ["--depth", "0"]),
      (["bench", "gemm"], ["--size", "0"], ["--samples", "0"]),
      (["bench", "conv"], ["--shape", "3"], ["--samples", "0"]),
      (["bench", "codec"], ["--worker"], ["--samples", "0"]),
      (["bench", "network"], ["--ends", "a/b/c"], ["--samples", "0"]),
    ]
  )
  func usage(command: [String], running: [String], parsing: [String]) throws {
    let files = [
      "--input", try scratch.write("x.f32", floats: [1]), "--output", scratch.path("y"),
    ]
    let converts = ["encode", "quantize", "arith"].contains(command[0])
    func lines(_ options: [String]) -> [String] {
      let run = CommandRun(command + options + (converts ? files : []))
      #expect(run.status == 2 && run.output.isEmpty, "\(run.output)")
      return run.errors.split(separator: "\n").map(String.init)
    }
    let (late, early) = (lines(running), lines(parsing))
    #expect(late[0].hasPrefix("Error: ") && late[0] != early[0], "\(late)")
    #expect(late.suffix(2) == early.suffix(2), "\(late)")
    let name = command.prefix(command[0] == "bench" ? 2 : 1).joined(separator: " ")
    #expect(late.suffix(2).first?.hasPrefix("Usage: binade \(name) ") == true, "\(late)")
    #expect(late.last == "  See 'binade \(name) --help' for more information.")
  }

  @Test("an empty calibration set is refused")
  func calibration() {
    #expect(
      message("evaluate", "--activations", "int8", "--limit", "1", "--calibration-images", "0")
        .contains("activations cannot be quantized without calibration images")
    )
  }

  @Test("recipes of post-training quantization: what, where, what is allowed")
  func recipes() {
    let recipe = ["evaluate", "--limit", "1", "--weights", "int4", "--activations", "int4", "--ptq"]
    func refusal(_ arguments: [String]) -> String {
      let run = CommandRun(arguments)
      #expect(run.status == 2 && run.output.isEmpty, "\(arguments): \(run.output)")
      return run.errors
    }
    #expect(
      refusal(recipe + ["aciq+alocc"]).contains(
        "no part 'alocc' in recipe 'aciq+alocc' (allowed, joined by '+': naive,"
      )
    )
    #expect(
      refusal(recipe + ["aciq", "--calibration-images", "0"]).contains("give at least one calibration image")
    )
    #expect(
      refusal(recipe + ["adaround", "--calibration-images", "1"])
        .contains("1 calibration image give fewer patches than a channel has weights; give at least")
    )
    #expect(
      refusal(recipe + ["best", "--online-batch", "5"]).contains("which round weights once, for all images")
    )
    #expect(
      refusal(recipe + ["aciq", "--online-batch", "0"]).contains("--online-batch must be at least 1, found 0")
    )
    #expect(refusal(["evaluate", "--online-batch", "5"]).contains("--online-batch needs --ptq"))
    #expect(refusal(["evaluate", "--ptq", "aciq"]).contains("--ptq aciq needs --weights or --activations"))
    #expect(
      refusal(["evaluate", "--limit", "1", "--ptq", "aciq", "--activations", "float8_e4m3fn"])
        .contains(
          "recipe part 'aciq' is defined for evenly spaced formats that use all 2^bits codes, as int4 does, and "
            + "'float8_e4m3fn' is none; 'naive', 'mse', 'adaround', 'descent' and 'best' take every format"
        )
    )
    #expect(
      refusal(["evaluate", "--limit", "1", "--ptq", "aciq", "--weights", "int16"])
        .contains("'int16' has 16 bits; recipes take evenly spaced formats of 2 to 8 bits")
    )
    #expect(
      refusal(["evaluate", "--ptq", "aciq", "--weights", "int4:channel"]).contains(
        "give the format alone, such as int4"
      )
    )
    // A format that a part is not defined for is a row with its reason; with nothing beside it, the command is refused.
    let mixed = CommandRun(["compare", "--limit", "2", "--formats", "int4,float4_e2m1fn", "--ptq", "aciq"])
    #expect(mixed.status != 2 && mixed.output.contains("int4         "), "\(mixed.errors)")
    #expect(mixed.output.contains("'float4_e2m1fn' is none; 'naive', 'mse'"))
    #expect(
      refusal(["compare", "--limit", "2", "--formats", "float4_e2m1fn", "--ptq", "aciq"]).contains("is none")
    )
    #expect(
      refusal(recipe + ["best", "--rounding", "stochastic"]).contains("the recipe 'best' rounds as it says")
    )
    #expect(
      refusal(["evaluate", "--weights", "int4", "--seed", "3"]).contains("needs --rounding stochastic")
    )
    #expect(refusal(["compare", "--formats", "int4", "--ptq", "nive"]).contains("no part 'nive'"))
    #expect(
      refusal(["compare", "--formats", "int4:tensor", "--ptq", "naive"]).contains("give the format alone")
    )
    #expect(refusal(["explain", "--format", "int5x"]).contains("no format 'int5x'"))
    #expect(
      refusal(["explain", "--format", "int4", "--calibration-images", "0"])
        .contains("activations cannot be quantized without calibration images; give at least 1")
    )
  }
}
