import ArgumentParser
import Binade

/// The files that a quantization goes to.
struct QuantizedFileOptions: ParsableArguments {
  @Option(
    help: "The file to write the rounded values to, as float32; - for standard output.",
    completion: .file()
  )
  var output: String?

  @Option(help: "The file to write the codes of the elements to.", completion: .file())
  var codes: String?

  @Option(
    help:
      "The file to write the scales to: codes of the scale format of blocks; otherwise --scale as float32."
  )
  var scales: String?

  @Option(
    help: "The file to write the float32 scales above those of blocks to, of formats that have them.",
    completion: .file()
  )
  var outerScales: String?

  /// The codes of a block format and its scales.
  static func codes(_ codes: String, scales: String, outerScales: String?) -> QuantizedFileOptions {
    var files = QuantizedFileOptions()
    (files.output, files.codes, files.scales, files.outerScales) = (nil, codes, scales, outerScales)
    return files
  }

  /// The paths that are given.
  var paths: [String] { [output, codes, scales, outerScales].compactMap { $0 } }

  func validate() throws {
    guard !paths.isEmpty else {
      throw ValidationError("name what to write: --output FILE, or --codes FILE and --scales FILE")
    }
    for (index, path) in paths.enumerated() where paths[..<index].contains(path) {
      throw ValidationError("'\(path)' is named twice; what is written needs a file each")
    }
  }

  /// Begins a file if it is named.
  func writer(
    _ path: String?,
    apartFrom input: String,
    type: ElementType,
    shape: [Int]?
  ) throws -> ArrayWriter? {
    try path.map { try ArrayWriter($0, apartFrom: [input], type: type, shape: shape) }
  }
}

/// Rounded values and codes of single elements at one scale, in the files that are wanted.
struct QuantizedElements {
  private let values: ArrayWriter?
  private let codes: ArrayWriter?
  private let scales: ArrayWriter?
  private let codeType: ElementType
  private let scale: Float

  /// Begins the files.
  init(
    _ options: QuantizedFileOptions,
    input: String,
    bitWidth: Int,
    scale: Float,
    shape: [Int]?
  ) throws {
    guard options.outerScales == nil else {
      throw ValidationError("--outer-scales is for block formats that have scales above those of blocks")
    }
    self.scale = scale
    codeType = .code(bitWidth: bitWidth)
    values = try options.writer(options.output, apartFrom: input, type: .float32, shape: shape)
    codes = try options.writer(options.codes, apartFrom: input, type: codeType, shape: shape)
    scales = try options.writer(options.scales, apartFrom: input, type: .float32, shape: [])
  }

  /// The files that are written piece by piece.
  var writers: [ArrayWriter] { [values, codes].compactMap { $0 } }
  /// Whether codes are wanted.
  var hasCodes: Bool { codes != nil }

  func append(values: [Float]) throws {
    try values.withUnsafeBytes { try self.values?.append($0) }
  }

  func append(codes: [UInt32]) throws { try self.codes?.append(codes: codes, as: codeType) }

  /// Gives the files their names.
  func finish() throws {
    try withUnsafeBytes(of: scale) { try scales?.append($0) }
    for writer in [values, codes, scales] { try writer?.finish() }
  }
}
