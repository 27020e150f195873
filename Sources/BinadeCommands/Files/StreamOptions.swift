import ArgumentParser

/// Options of commands that read numbers in a row.
struct StreamOptions: ParsableArguments {
  @Option(help: "Read the first so many elements; devices, which may never end, need it.")
  var limit: Int?

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1, found \(limit)") }
  }

  /// What `--input` and `--output` may be, for the help of commands.
  static let help = """
    --input and --output may be files, FIFOs, devices, and - for standard input and output, which are streamed as they \
    come. What begins as a .npy file is read as one (versions 1 to 3, either byte order, Fortran order too, float16 and \
    float32, and float64 where it says so); raw data are little-endian. An output named .npy is written as one. A file \
    to be replaced keeps its mode, and its name goes to the new one only when all is written. A FIFO that nobody opens \
    at its other end is given up after a minute.
    """
}

/// The file that a command writes.
struct OutputOption: ParsableArguments {
  @Option(help: "The file to write; - for standard output.", completion: .file())
  var output: String
}
