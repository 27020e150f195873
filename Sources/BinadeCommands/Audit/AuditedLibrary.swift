import Foundation

/// A converter that is a function of a shared library:
/// `void f(const float *input, uint8_t *codes, size_t count)`, with uint16_t above 8 bits, float for values, and double
/// for float64 inputs.
struct AuditedLibrary: AuditedConverter {
  private typealias Function = @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer, Int) -> Void

  private let function: Function
  let inputSize: Int
  let answerElementSize: Int

  init(_ path: String, symbol: String, inputSize: Int, answerElementSize: Int) throws {
    guard let library = dlopen(path, RTLD_NOW) else {
      let reason = dlerror().map { String(cString: $0) } ?? "unknown"
      throw AuditError.noLibrary(path: path, reason: reason)
    }
    guard let address = dlsym(library, symbol) else {
      throw AuditError.noSymbol(path: path, symbol: symbol)
    }
    function = unsafeBitCast(address, to: Function.self)
    self.inputSize = inputSize
    self.answerElementSize = answerElementSize
  }

  func convert(
    _ input: some Sequence<Data> & Sendable,
    answerSize: Int,
    consume: (Data) throws -> Void
  ) throws {
    for piece in input {
      let count = piece.count / inputSize
      // Copied: the bytes of a Data need not be aligned as the function may expect.
      let source = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, piece.count), alignment: 64)
      let target = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(1, count * answerElementSize),
        alignment: 64
      )
      defer {
        source.deallocate()
        target.deallocate()
      }
      piece.copyBytes(to: source)
      if let from = source.baseAddress, let to = target.baseAddress { function(from, to, count) }
      try consume(Data(target[..<(count * answerElementSize)]))
    }
  }
}
