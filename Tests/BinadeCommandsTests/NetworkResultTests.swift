import Foundation
import Testing

/// What commands on networks say about their figures, and what they write for others to check.
@Suite struct NetworkResultTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  @Test("a format that cannot run is a row with its reason; the others finish")
  func compareGoesOn() throws {
    let folder = scratch.path("out")
    let run = CommandRun([
      "compare", "--formats", "float8_ue5m3,int4,takum8", "--limit", "20", "--calibration-images", "8",
      "--output",
      folder,
    ])
    #expect(run.status == 0, "\(run.errors)")
    let reason =
      "'conv1.input' has negative values and the format 'float8_ue5m3' has none; use a signed format"
    #expect(run.output.contains("\nx float8_ue5m3: \(reason)"))
    for name in ["int4", "takum8", "float32", "float8_ue5m3"] {
      #expect(run.output.contains("\n\(name)  "), "\(name)")
    }
    let csv = try String(contentsOfFile: folder + "/results.csv", encoding: .utf8).split(separator: "\n")
    #expect(csv.count == 5 && csv[4].contains(reason))
    let json = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(filePath: folder + "/results.json"))
    )
    let rows = try #require((json as? [String: Any])?["results"] as? [[String: Any]])
    #expect(rows.count == 4 && rows[3]["failure"] as? String == reason)
    #expect(rows.dropLast().allSatisfy { ($0["warnings"] as? [String]) == [] })
  }

  @Test("where none can run the reasons are shown and the status is 2")
  func compareOfNothing() {
    let run = CommandRun([
      "compare", "--formats", "float8_ue5m3,binary8p1uf", "--limit", "5", "--calibration-images", "4",
    ])
    #expect(run.status == 2)
    #expect(run.output.contains("x float8_ue5m3: ") && run.output.contains("x binary8p1uf: "))
    #expect(run.errors.contains("none of the 2 configurations can run on this network"))
  }

  @Test("explain names a format that cannot run with its reason, and explains the others")
  func explainGoesOn() throws {
    let arguments = ["explain", "--limit", "10", "--calibration-images", "4", "--format"]
    let run = CommandRun(arguments + ["uq4.4,int4", "--zero-point", "none"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("\nx uq4.4: 'conv1.input' has negative values"), "\(run.output)")
    #expect(run.output.contains("activations int4:tensor:mse, no zero points\n"), "\(run.output)")
    let json = try JSONSerialization.jsonObject(
      with: Data(CommandRun(arguments + ["int4,float8_ue5m3", "--json"]).output.utf8)
    )
    let document = try #require(json as? [String: Any])
    #expect((document["entries"] as? [Any])?.count == 1)
    #expect(try #require(document["failures"] as? [[String: Any]])[0]["label"] as? String == "float8_ue5m3")
    let none = CommandRun(arguments + ["float8_ue5m3"])
    #expect(none.status == 2 && none.errors.contains("cannot run on this network"))
    #expect(none.output.contains("x float8_ue5m3: "))
  }

  @Test("zero points are in the table, in JSON and in --explain, and can be switched off")
  func zeroPoints() throws {
    let arguments = [
      "--weights", "int6", "--activations", "int6", "--limit", "10", "--calibration-images", "8",
    ]
    func zeroPoints(_ extra: [String]) throws -> [Int] {
      let run = CommandRun(["evaluate"] + arguments + extra + ["--json"])
      #expect(run.status == 0, "\(run.errors)")
      let result = try #require(
        JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
      )
      let layers = try #require(result["layers"] as? [[String: Any]])
      return layers.compactMap { ($0["activations"] as? [String: Any])?["zeroPoint"] as? Int }
    }
    #expect(try zeroPoints([]).contains(-32))
    #expect(Set(try zeroPoints(["--zero-point", "none"])) == [0])
    let text = CommandRun(["evaluate"] + arguments + ["--explain"]).output
    #expect(text.contains("zero point") && text.contains("shifted by the zero point -32"))
    let compared = CommandRun(["compare", "--formats", "int6", "--limit", "10", "--calibration-images", "8"])
    let plain = CommandRun([
      "compare", "--formats", "int6", "--limit", "10", "--calibration-images", "8", "--zero-point", "none",
    ])
    func row(_ run: CommandRun) -> Substring? {
      run.output.split(separator: "\n").first { $0.hasPrefix("int6 ") }
    }
    #expect(try #require(row(compared)).hasSuffix("z"))
    #expect(try !#require(row(plain)).hasSuffix("z"))
    let wrong = CommandRun(["compare", "--zero-point", "sometimes"])
    #expect(wrong.status == 2 && wrong.errors.contains("nonnegative"))
  }

  @Test(
    "a codebook of int4's values has int4's row, bit for bit; a quarter of them too",
    arguments: ["", "--zero-point full"]
  )
  func codebookTwin(option: String) throws {
    for (name, step) in [("ones", 1.0), ("quarters", 0.25)] {
      let values = (-8...7).map { "\(Double($0) * step)" }.joined(separator: ", ")
      _ = try scratch.write(
        "\(name).yaml",
        Data("name: \(name)\nfamily: codebook\nvalues: [\(values)]\nsource: a test\n".utf8)
      )
    }
    let arguments = [
      "compare", "--formats", "int4,\(scratch.path("ones.yaml")),\(scratch.path("quarters.yaml"))", "--limit",
      "50",
      "--calibration-images", "16", "--json",
    ]
    let run = CommandRun(arguments + option.split(separator: " ").map(String.init))
    #expect(run.status == 0, "\(run.errors)")
    let document = try #require(
      JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    )
    let rows = try #require(document["results"] as? [[String: Any]]).filter {
      $0["weights"] as? String != "float32"
    }
    #expect(rows.count == 3)
    func figures(_ row: [String: Any]) throws -> NSArray {
      let layers = try #require(row["layers"] as? [[String: Any]])
      let zeroPoints = layers.map { ($0["activations"] as? [String: Any])?["zeroPoint"] as? Int ?? 0 }
      #expect(zeroPoints.contains { $0 != 0 })
      return [row["outputs"] ?? "", row["top1Accuracy"] ?? "", zeroPoints] as NSArray
    }
    let int4 = try figures(rows[0])
    #expect(try figures(rows[1]) == int4 && figures(rows[2]) == int4)
  }

  @Test("evaluate writes its result, the logits, and what a checker needs to compute every layer again")
  func arrays() throws {
    let (logits, layers, output) = (scratch.path("l.npy"), scratch.path("layers"), scratch.path("out"))
    let run = CommandRun([
      "evaluate", "--weights", "int8", "--activations", "posit8", "--limit", "5", "--calibration-images", "8",
      "--logits", logits, "--layer-outputs", layers, "--layer-output-images", "2", "--output", output,
    ])
    #expect(run.status == 0, "\(run.errors)")
    let all = try NumPyArray(logits)
    #expect(all.shape == [5, 10])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: output).sorted() == ["layers.csv", "results.json"]
    )
    let json = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(filePath: layers + "/layers.json"))
    )
    let facts = try #require(json as? [[String: Any]])
    #expect(facts.count == 8 && facts[0]["name"] as? String == "conv1")
    for layer in facts {
      let name = try #require(layer["files"] as? String)
      func array(_ kind: String) throws -> NumPyArray { try NumPyArray("\(layers)/\(name).\(kind).npy") }
      let stride = try #require(layer["stride"] as? Int)
      let padding = try #require(layer["padding"] as? Int)
      guard layer["addsResidual"] as? Bool == false else { continue }
      var expected = Convolution(stride: stride, padding: padding)(
        try array("quantized"),
        try array("weight"),
        try array("bias").values
      )
      if layer["appliesReLU"] as? Bool == true { expected = expected.map { max($0, 0) } }
      let found = try array("output")
      #expect(found.shape[0] == 2 && found.values.count == expected.count, "\(name)")
      let scale = expected.reduce(1) { max($0, abs($1)) }
      let worst = zip(found.values, expected).map { abs($0 - $1) }.max() ?? .nan
      #expect(worst < 1e-5 * scale, "\(name): \(worst)")
      let (input, quantized) = (try array("input").values, try array("quantized").values)
      #expect(input != quantized && zip(input, quantized).allSatisfy { ($0 == 0) == ($1 == 0) }, "\(name)")
    }
    // The last layer gives the logits.
    let last = try NumPyArray("\(layers)/linear.output.npy")
    #expect(last.shape == [2, 10, 1, 1] && last.values == Array(all.values.prefix(20)))
    let refused = CommandRun([
      "evaluate", "--ptq", "naive", "--activations", "int8", "--online-batch", "4", "--logits", logits,
    ])
    #expect(refused.status == 2 && refused.errors.contains("--logits"))
  }

  @Test("formats show says which parameter scaling makes meaningless")
  func scalingNotes() {
    #expect(
      CommandRun("formats", "show", "float8_e4m3fn").output.contains("exponentBias makes no difference")
    )
    #expect(CommandRun("formats", "show", "q3.4").output.contains("where the binary point stands"))
    for name in ["bfloat16", "posit8", "int8"] {
      #expect(!CommandRun("formats", "show", name).output.contains("makes no difference"), "\(name)")
    }
    #expect(CommandRun("formats", "show", "float8_e4m3fn", "--json").output.contains("scalingNote"))
  }
}

/// A float32 array of a `.npy` file, read without Binade's reader.
private struct NumPyArray {
  let shape: [Int]
  let values: [Float]

  init(_ path: String) throws {
    let data = try Data(contentsOf: URL(filePath: path))
    let length = 10 + Int(data[8]) + 256 * Int(data[9])
    let header = String(decoding: data[10..<length], as: UTF8.self)
    #expect(header.contains("'<f4'") && header.contains("'fortran_order': False"))
    let inside = header.split(separator: "(")[1].split(separator: ")")[0]
    shape = inside.split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    values = data.dropFirst(length).withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    #expect(values.count == shape.reduce(1, *))
  }
}

/// A convolution as the formula says, images x channels x height x width, in Double.
private struct Convolution {
  let stride: Int
  let padding: Int

  func callAsFunction(_ input: NumPyArray, _ weight: NumPyArray, _ bias: [Float]) -> [Float] {
    let (images, channels, height, width) = (input.shape[0], input.shape[1], input.shape[2], input.shape[3])
    let (outputs, kernelHeight, kernelWidth) = (weight.shape[0], weight.shape[2], weight.shape[3])
    let rows = (height + 2 * padding - kernelHeight) / stride + 1
    let columns = (width + 2 * padding - kernelWidth) / stride + 1
    var result: [Float] = []
    for image in 0..<images {
      for output in 0..<outputs {
        for row in 0..<rows {
          for column in 0..<columns {
            var sum = Double(bias[output])
            for channel in 0..<channels {
              for y in 0..<kernelHeight {
                for x in 0..<kernelWidth {
                  let (top, left) = (row * stride + y - padding, column * stride + x - padding)
                  guard (0..<height).contains(top), (0..<width).contains(left) else { continue }
                  let pixel = input.values[((image * channels + channel) * height + top) * width + left]
                  let factor = weight.values[
                    ((output * channels + channel) * kernelHeight + y) * kernelWidth + x
                  ]
                  sum += Double(pixel) * Double(factor)
                }
              }
            }
            result.append(Float(sum))
          }
        }
      }
    }
    return result
  }
}
