import BinadeVerification
import Foundation

/// Certificates as files of JSON.
enum CertificateFile {
  /// Files above this size are no certificates.
  static let greatestSize = 1 << 20

  /// Reads a certificate from JSON; `file` is what messages call it.
  static func certificate(from data: Data, file: String) throws(CertificateError) -> Certificate {
    guard data.count <= greatestSize else {
      throw .malformed(file: file, reason: "more than \(greatestSize) bytes")
    }
    struct Version: Decodable { let certificateVersion: Int }
    do {
      // The version first: another layout need not decode.
      let version = try JSONDecoder().decode(Version.self, from: data).certificateVersion
      guard version == Certificate.currentVersion else {
        throw CertificateError.otherVersion(file: file, found: version, known: Certificate.currentVersion)
      }
      let certificate = try JSONDecoder().decode(Certificate.self, from: data)
      guard !certificate.rows.isEmpty else {
        throw CertificateError.malformed(file: file, reason: "it has no rows")
      }
      return certificate
    } catch let error as CertificateError {
      throw error
    } catch DecodingError.keyNotFound(let key, _) {
      throw .malformed(file: file, reason: "the key '\(key.stringValue)' is missing")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      let place = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw .malformed(file: file, reason: "'\(place)' has the wrong type")
    } catch {
      throw .malformed(file: file, reason: "it is no whole JSON document, or a number is out of range")
    }
  }
}
