// binade-fuzz TARGET [libFuzzer's options and folders]: gives one loader inputs that libFuzzer makes.
import CFuzzer
import Foundation

guard CommandLine.arguments.count > 1, let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
  let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
  FileHandle.standardError.write(
    Data("usage: binade-fuzz TARGET [OPTION ...] [FOLDER ...]; targets: \(names)\n".utf8)
  )
  exit(2)
}
let loader = target.loader
Running.loader = loader

// libFuzzer looks for its options after the name of the program: the target's name is left out.
var arguments: [UnsafeMutablePointer<CChar>?] =
  ([CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)).map { strdup($0) } + [nil]
var count = CInt(arguments.count - 1)
let status = arguments.withUnsafeMutableBufferPointer { buffer in
  var first = buffer.baseAddress
  return LLVMFuzzerRunDriver(&count, &first) { bytes, size in
    Running.loader?(Data(UnsafeBufferPointer(start: bytes, count: size)))
    return 0
  }
}
exit(status)
