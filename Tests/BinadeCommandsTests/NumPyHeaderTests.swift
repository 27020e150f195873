import BinadeCommands
import Foundation
import Testing

/// Headers of `.npy` files: what NumPy writes in all its spellings is understood, everything else is refused.
@Suite struct NumPyHeaderTests {
  /// A file's first bytes around this dictionary.
  static func bytes(_ text: String, version: UInt8 = 1) -> [UInt8] {
    let length = UInt32(text.utf8.count)
    let lengthBytes = (0..<(version == 1 ? 2 : 4)).map { UInt8(length >> UInt32(8 * $0) & 0xFF) }
    return NumPyHeader.magic + [version, 0] + lengthBytes + Array(text.utf8)
  }

  @Test(
    "spellings of one header",
    arguments: [
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }          \n",
      "{'descr':'<f4','fortran_order':False,'shape':(2,3)}",
      "{\"shape\" : ( 2 ,\n\t3 , ) , \"descr\" : \"<f4\" , \"fortran_order\" : False}\n",
      "  {  'fortran_order'  :  False ,'shape':(2L, 3L), 'descr': u'<f4',}",
    ]
  )
  func spellings(text: String) throws {
    for version in UInt8(1)...3 {
      let bytes = Self.bytes(text, version: version)
      let header = try NumPyHeader(parsing: bytes + [1, 2, 3])
      #expect(header.type == "<f4" && header.shape == [2, 3] && header.count == 6)
      #expect(!header.isFortranOrder && header.length == bytes.count)
    }
  }

  @Test("Fortran order is read wherever and however it stands")
  func fortran() throws {
    for text in [
      "{'descr':'<f4','fortran_order':True,'shape':(2,)}",
      "{'fortran_order'  : True, 'shape': (), 'descr': '<f4'}",
    ] {
      #expect(try NumPyHeader(parsing: Self.bytes(text)).isFortranOrder)
    }
    let text = "{'descr': \"'fortran_order': True\", 'fortran_order': False, 'shape': ()}"
    let header = try NumPyHeader(parsing: Self.bytes(text))
    #expect(!header.isFortranOrder && header.count == 1 && header.shape.isEmpty)
  }

  @Test(
    "what is no header is refused, and the place is said",
    arguments: [
      ("", "at byte 0 expected a value, found the end"),
      (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x",
        "expected the end of the header, found 'x'"
      ),
      ("{'descr': '<f4', 'shape': (2,)}", "'fortran_order' is missing"),
      ("{'descr': '<f4', 'fortran_order': 'False', 'shape': (2,)}", "must be True or False, found a string"),
      ("{'descr': '<f4', 'fortran_order': Flase, 'shape': (2,)}", "found 'F'"),
      ("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "must be True or False, found an integer"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", "a tuple of integers, found an integer"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': [2]}", "a tuple of integers, found a list"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", "from 0 up, found -2"),
      (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}",
        "expected the end of the integer, found '.'"
      ),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (02,)}", "without leading zeros"),
      (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "an integer of at most 63 bits"
      ),
      (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2)}",
        "the shape [9223372036854775807, 2] is too large"
      ),
      ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", "records of several fields"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", "has the key 'x'"),
      ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", "'descr' twice"),
      ("{'descr': '<f4', 'fortran_order': False 'shape': (2,)}", "expected ',' or '}', found '''"),
      ("{'descr': '<f4\n', 'fortran_order': False, 'shape': ()}", "expected the end of the string"),
      ("['descr']", "must be a dictionary, found a list"),
      (String(repeating: "[", count: 1000), "no more than 16 levels"),
    ]
  )
  func refused(text: String, message: String) {
    let error = #expect(throws: NumPyHeaderError.self) { try NumPyHeader(parsing: Self.bytes(text)) }
    #expect(error.map { "\($0)".contains(message) } == true, "\(String(describing: error))")
  }

  @Test("every prefix of a file, and every byte changed, is read or refused")
  func hostile() {
    let good = Self.bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n")
    for length in good.indices {
      #expect(throws: NumPyHeaderError.self) { try NumPyHeader(parsing: good.prefix(length)) }
    }
    for index in good.indices {
      for value in UInt8.min...UInt8.max {
        var bytes = good
        bytes[index] = value
        if let header = try? NumPyHeader(parsing: bytes) { #expect(header.count >= 0) }
      }
    }
  }

  @Test("what is written is read, and as long as asked for")
  func written() throws {
    for shape in [[], [0], [7], [2, 3, 4], [1 << 40, 1 << 10]] {
      let bytes = NumPyHeader.bytes(type: "<u2", shape: shape, length: 128)
      #expect(bytes.count % 64 == 0 && bytes.count >= 128)
      let header = try NumPyHeader(parsing: bytes)
      #expect(header.shape == shape && header.type == "<u2" && header.length == bytes.count)
    }
    #expect(NumPyHeader.bytes(type: "<f4", shape: [1]).count == 128)
  }
}
