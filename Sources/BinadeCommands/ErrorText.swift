import Binade
import Foundation

/// Errors as one sentence.
enum ErrorText {
  /// What Binade says itself stays as it is; what Foundation says becomes the path and the reason.
  ///
  /// Line breaks that a name brings along would look like messages of their own.
  static func sentence(_ error: any Error) -> String {
    // Sentences that go on over more lines of their own, and let names bring none along.
    if let error = error as? AuditError { return "\(error)" }
    if case NetworkError.foreignModel = error { return "\(error)".visible(keeping: "\n") }
    let text: String
    if error is CocoaError || error is POSIXError || error is URLError || isFoundationType(error) {
      text = foundationSentence(error as NSError)
    } else {
      switch error {
      case DecodingError.dataCorrupted(let context): text = context.debugDescription
      case let error as EncodingError: text = "a result cannot be written as JSON: \(error)"
      default: text = "\(error)"
      }
    }
    return text.visible()
  }

  private static func isFoundationType(_ error: any Error) -> Bool { type(of: error) == NSError.self }

  private static func foundationSentence(_ error: NSError) -> String {
    let path =
      error.userInfo[NSFilePathErrorKey] as? String ?? (error.userInfo[NSURLErrorKey] as? URL)?.relativePath
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? any Error
    let reason =
      posixCode(error).map { SystemError.text($0) }
      ?? underlying.flatMap { posixCode($0 as NSError) }.map { SystemError.text($0) }
      ?? reason(error)
    return path.map { "\($0): \(reason)" } ?? reason
  }

  private static func posixCode(_ error: NSError) -> Int32? {
    error.domain == NSPOSIXErrorDomain ? Int32(truncatingIfNeeded: error.code) : nil
  }

  /// Words for the errors of files that carry no number of the operating system.
  private static func reason(_ error: NSError) -> String {
    guard error.domain == NSCocoaErrorDomain else { return error.localizedDescription }
    switch CocoaError.Code(rawValue: error.code) {
    case .fileNoSuchFile, .fileReadNoSuchFile: return SystemError.text(ENOENT)
    case .fileReadNoPermission, .fileWriteNoPermission: return SystemError.text(EACCES)
    case .fileWriteOutOfSpace: return SystemError.text(ENOSPC)
    case .fileWriteVolumeReadOnly: return SystemError.text(EROFS)
    case .fileReadInvalidFileName, .fileWriteInvalidFileName: return "the name is none that a file can have"
    case .fileReadTooLarge: return "the file is too large"
    case .fileReadCorruptFile: return "it cannot be read; it is damaged, or a folder"
    case .fileReadUnknown: return "it cannot be read; is it a folder?"
    case .fileWriteUnknown: return "it cannot be written"
    default: return error.localizedDescription
    }
  }
}
