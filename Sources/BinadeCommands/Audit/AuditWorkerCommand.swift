import ArgumentParser
import Foundation

/// The other side of ``AuditedLibrary``: a process that calls the function of a library, which may end it as it likes.
struct AuditWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Call a function of a library on standard input; part of 'audit --library'.",
    shouldDisplay: false
  )

  static let name = "audit-worker"
  /// The statuses that say why nothing was converted.
  static let noLibraryStatus: Int32 = 125
  static let noSymbolStatus: Int32 = 126

  private typealias Function = @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer, Int) -> Void

  @Argument var library: String
  @Argument var symbol: String
  @Argument var inputSize: Int
  @Argument var answerElementSize: Int

  func validate() throws {
    guard [4, 8].contains(inputSize), [1, 2, 4].contains(answerElementSize) else {
      throw ValidationError("elements have 4 or 8 bytes, answers 1, 2 or 4")
    }
  }

  func run() throws {
    // Answers go out where the library does not print.
    let answers = dup(StandardStream.output)
    dup2(StandardStream.errors, StandardStream.output)
    guard let handle = dlopen(library, RTLD_NOW) else {
      StandardStream.write(dlerror().map { String(cString: $0) } ?? "unknown", to: StandardStream.errors)
      Foundation.exit(Self.noLibraryStatus)
    }
    guard let address = dlsym(handle, symbol) else { Foundation.exit(Self.noSymbolStatus) }
    let function = unsafeBitCast(address, to: Function.self)
    let input = try InputFile("-")
    while case let piece = try input.read(1 << 20), !piece.isEmpty {
      let count = piece.count / inputSize
      // Copied: the bytes of a Data need not be aligned as the function may expect.
      let source = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 64)
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
      let answer = UnsafeRawBufferPointer(rebasing: target[..<(count * answerElementSize)])
      try OutputFile.write(answer, to: answers, path: "the answer")
    }
  }
}
