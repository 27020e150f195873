import Binade
import Foundation
import Testing

/// `binade train` as people run it.
@Suite struct TrainCommandTests {
  private static func folder() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "binade-train-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }

  private static let options = ["--limit", "64", "--batch", "16", "--epochs", "3"]

  private func train(_ folder: URL, _ name: String, _ more: [String] = []) -> CommandRun {
    CommandRun(["train", "--output", folder.appending(path: name).path] + Self.options + more)
  }

  private func bytes(_ folder: URL, _ name: String) throws -> Data {
    try Data(contentsOf: folder.appending(path: name))
  }

  @Test("a run leaves a model that 'evaluate' reads, its history, a plot and a checkpoint")
  func run() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let run = train(folder, "run")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("epoch  step") && run.output.contains("top-1"))
    for name in [
      "model.safetensors", "best.safetensors", "history.csv", "history.svg", "recipe.yaml", "results.json",
    ] {
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: "run/\(name)").path), "\(name)")
    }
    let model = try Model(contentsOf: folder.appending(path: "run/model.safetensors"))
    #expect(model.architecture.name == "resnet8-cifar")
    let history = String(decoding: try bytes(folder, "run/history.csv"), as: UTF8.self).split(separator: "\n")
    #expect(history.count == 4)
    #expect(history[3].hasPrefix("3,12,"))
    // The recipe that was written is a recipe that is read.
    let again = train(folder, "again", ["--recipe", folder.appending(path: "run/recipe.yaml").path])
    #expect(again.status == 0, "\(again.errors)")
    #expect(try bytes(folder, "again/model.safetensors") == bytes(folder, "run/model.safetensors"))
  }

  @Test("in pieces, with other threads: the same bytes as in one")
  func pieces() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(train(folder, "whole", ["--threads", "1"]).status == 0)
    #expect(train(folder, "parts", ["--steps", "5", "--threads", "2"]).status == 0)
    let stopped = train(folder, "parts", ["--steps", "2", "--resume"])
    #expect(stopped.status == 0)
    #expect(stopped.errors.contains("stopped after step 7 of 12, saved; go on with"))
    #expect(train(folder, "parts", ["--resume", "--threads", "1"]).status == 0)
    for name in ["model.safetensors", "best.safetensors", "history.csv", "checkpoint.safetensors"] {
      #expect(try bytes(folder, "parts/\(name)") == bytes(folder, "whole/\(name)"), "\(name)")
    }
  }

  @Test("SIGTERM ends the step, saves, says how to go on, and the run is then as if nothing had been")
  func interrupted() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let run = try ProgramRun(
      """
      options="--limit 512 --batch 16 --epochs 12 --threads 1"
      "$B" train --output whole $options > /dev/null
      "$B" train --output part $options > /dev/null &
      sleep 1.5
      kill -TERM $!
      wait $!
      echo "status $?"
      "$B" train --output part $options --resume > /dev/null
      cmp whole/model.safetensors part/model.safetensors && echo same
      """,
      in: folder
    )
    #expect(run.text.contains("status 143"), "\(run.text) \(run.errors)")
    #expect(run.text.contains("same"))
    #expect(run.errors.contains("saved; go on with") && run.errors.contains("--resume"))
  }

  @Test("a disk that is full: one sentence, and the checkpoint before it stays whole")
  func diskFull() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let run = try ProgramRun(
      """
      train() { "$B" train --limit 64 --batch 16 --epochs 3 --output run "$@" > /dev/null; }
      train --steps 5
      cp run/checkpoint.safetensors before
      (trap '' XFSZ; ulimit -f 100; train --resume; echo "status $?")
      cmp run/checkpoint.safetensors before && echo whole
      train --resume && echo done
      ls -A run | grep partial
      """,
      in: folder
    )
    #expect(run.text.contains("status 2"), "\(run.text) \(run.errors)")
    #expect(run.text.contains("whole") && run.text.contains("done"))
    #expect(!run.text.contains("partial"))
    #expect(run.errors.contains("cannot be written: the disk may be full"))
  }

  @Test(
    "bad input is a sentence, exit 2, and nothing is written",
    arguments: [
      (["--batch", "65"], "a batch of 65 images is more than the 64 there are"),
      (["--set", "warmUp=2"], "'warmUp' is 2; allowed: 0.0 to 1.0"),
      (["--set", "warmup=0.2"], "the keys epochs, batch"), (["--set", "warmUp"], "--set takes KEY=VALUE"),
      (["--schedule", "linear"], "allowed: constant, oneCycle, cosine, step"),
      (["--resume"], "holds no checkpoint to go on with"), (["--steps", "0"], "--steps must be at least 1"),
      (["--init", "/nowhere.safetensors"], "/nowhere.safetensors"),
      (["--shortcut", "C"], "--shortcut must be A or B"),
      (["--architecture", "resnet9-cifar"], "'depth' is 9; allowed: 6n + 2"),
      (["--widths", "8,x,32"], "--widths takes numbers"),
      (["--fracbits", "1"], "the formats to search have 2 to 8 bits"),
      (["--fracbits", "1k"], "'budget' is 1000.0; allowed:"),
      (["--fracbits", "few"], "--fracbits takes bits"),
      (["--channelwise"], "are for --fracbits BUDGET"),
      (
        ["--fracbits", "4", "--weights", "int4"],
        "'weights' is int4; allowed: none where formats are searched"
      ),
      (["--fracbits", "4", "--layer", "conv1=int4"], "'layers' is conv1=int4; allowed: none"),
      (["--fracbits", "4", "--search-formats", "int4"], "a search needs at least 2 formats"),
      (["--fracbits", "4", "--search-formats", "int5,int4"], "'int4' comes after 'int5'"),
      (["--fracbits", "4", "--search-formats", "int4,mxfp4_e2m1"], "'mxfp4_e2m1' is a block format"),
      (["--layer", "layer9=int4"], "names no layer"),
      (["--layer", "conv1[0..1]=int4"], "--fracbits BUDGET --channelwise"),
    ]
  )
  func badInput(more: [String], sentence: String) throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let options = more.contains("--batch") ? ["--limit", "64"] : Self.options
    let run = CommandRun(["train", "--output", folder.appending(path: "run").path] + options + more)
    #expect(run.status == 2)
    #expect(run.errors.contains(sentence), "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "run").path))
  }

  @Test(
    "a search of formats leaves an assignment, bits and a plot; what it exports and assigns is run by 'evaluate'"
  )
  func search() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let run = train(
      folder,
      "run",
      ["--fracbits", "4", "--channelwise", "--learning-rate", "0.02", "--threads", "1"]
    )
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("(bitOperations)") && run.output.contains("before fine-tuning"))
    #expect(run.output.contains("deployed: the bits of the training forward"))
    for name in ["assignment.yaml", "bits.csv", "bits.svg", "model.safetensors"] {
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: "run/\(name)").path), "\(name)")
    }
    let bits = String(decoding: try bytes(folder, "run/bits.csv"), as: UTF8.self).split(separator: "\n")
    #expect(bits.count == 6 && bits[0].hasPrefix("step,chosen,cost,accuracy,layer1.0.conv1.weights,"))
    #expect(bits.dropFirst().map { $0.split(separator: ",")[1] } == ["0", "0", "0", "1", "1"])
    // In pieces, across the choice of formats.
    let more = ["--fracbits", "4", "--channelwise", "--learning-rate", "0.02"]
    #expect(train(folder, "parts", more + ["--steps", "7"]).status == 0)
    #expect(train(folder, "parts", more + ["--steps", "3", "--resume"]).status == 0)
    #expect(train(folder, "parts", more + ["--resume"]).status == 0)
    for name in ["model.safetensors", "bits.csv", "assignment.yaml"] {
      #expect(try bytes(folder, "parts/\(name)") == bytes(folder, "run/\(name)"), "\(name)")
    }
    let model = folder.appending(path: "run/model.safetensors").path
    let served = CommandRun(["evaluate", "--model", model, "--limit", "50"])
    #expect(served.status == 0 && served.output.contains("int"), "\(served.errors)")
    let assignment = folder.appending(path: "run/assignment.yaml").path
    let assigned = CommandRun([
      "cost", "resnet8-cifar", "--width-multiplier", "0.5", "--assignment", assignment,
    ])
    #expect(assigned.status == 0, "\(assigned.errors)")
    // Whole layers of an assignment are trained in.
    let layers = [
      "--layer", "conv1=int8", "--layer", "layer*=int4/int5", "--layer", "linear=int8", "--qat", "lsq",
    ]
    let tuned = train(folder, "tuned", layers)
    #expect(
      tuned.status == 0 && tuned.output.contains("deployed: the bits of the training forward"),
      "\(tuned.errors)"
    )
    let recipe = String(decoding: try bytes(folder, "tuned/recipe.yaml"), as: UTF8.self)
    #expect(recipe.contains("layers: conv1=int8, layer*=int4/int5, linear=int8"))
  }

  @Test("a folder that holds a run is not overwritten, and another recipe does not go on with it")
  func otherRun() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(train(folder, "run", ["--steps", "1"]).status == 0)
    let again = train(folder, "run")
    #expect(again.status == 2 && again.errors.contains("holds a run already; go on with --resume"))
    let other = train(folder, "run", ["--resume", "--seed", "9"])
    #expect(other.status == 2)
    #expect(other.errors.contains("the checkpoint is of another run: 'seed' is 9 here and 0 there"))
  }
}
