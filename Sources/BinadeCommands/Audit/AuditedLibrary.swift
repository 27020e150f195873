import Foundation

/// A converter that is a function of a shared library:
/// `void f(const float *input, uint8_t *codes, size_t count)`, with uint16_t above 8 bits, float for values, and double
/// for float64 inputs.
///
/// It runs in a process of its own, which it may crash, hang or end.
struct AuditedLibrary: AuditedConverter {
  let path: String
  let symbol: String
  let inputSize: Int
  let answerElementSize: Int
  /// Seconds without an answer after which the process is stopped.
  let timeout: Int
  /// The program that understands ``AuditWorkerCommand``.
  let program: String

  func convert(
    _ input: some Sequence<Data> & Sendable,
    answerSize: Int,
    consume: (Data) throws -> Void
  ) throws {
    let process = AuditedProcess(
      words: [program, AuditWorkerCommand.name, "--", path, symbol, "\(inputSize)", "\(answerElementSize)"],
      name: "\(path) \(symbol)",
      timeout: timeout
    )
    do {
      try process.convert(input, answerSize: answerSize, consume: consume)
    } catch AuditError.crashed(_, "status \(AuditWorkerCommand.noLibraryStatus)", let reason) {
      throw AuditError.noLibrary(path: path, reason: reason)
    } catch AuditError.crashed(_, "status \(AuditWorkerCommand.noSymbolStatus)", _) {
      throw AuditError.noSymbol(path: path, symbol: symbol)
    }
  }
}
