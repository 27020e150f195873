import BinadeFormats
import BinadeKernels
import BinadeNumerics
import Testing

@Suite struct PackedCodesTests {
  @Test("every width and count up to 70 packs and unpacks, through the subscript too", arguments: 1...8)
  func roundTrip(bitWidth: Int) throws {
    var numbers = TestNumbers(seed: 7)
    for count in 0...70 {
      let codes = (0..<count).map { _ in UInt8(numbers.nextInteger(0...(1 << bitWidth - 1))) }
      let packed = PackedCodes(codes, bitWidth: bitWidth)
      #expect(packed.bytes.count == (count * bitWidth + 7) / 8)
      #expect(packed.unpacked() == codes)
      #expect((0..<count).map { packed[$0] } == codes)
      #expect(PackedCodes(bytes: packed.bytes, count: count, bitWidth: bitWidth) == packed)
      var built = PackedCodes([UInt8](repeating: UInt8(1 << bitWidth - 1), count: count), bitWidth: bitWidth)
      for index in 0..<count { built[index] = codes[index] }
      #expect(built == packed)
      // The definition: bit b of the stream is bit b % 8 of byte b / 8.
      for bit in 0..<count * bitWidth {
        let inCode = codes[bit / bitWidth] >> UInt8(bit % bitWidth) & 1
        #expect(packed.bytes[bit / 8] >> UInt8(bit % 8) & 1 == inCode)
      }
    }
  }

  @Test("two 4-bit codes per byte, low half first; four 6-bit codes in three bytes")
  func layout() {
    #expect(PackedCodes([0x1, 0x2, 0xF], bitWidth: 4).bytes == [0x21, 0x0F])
    #expect(PackedCodes([0x3F, 0, 0x3F, 0x01], bitWidth: 6).bytes == [0x3F, 0xF0, 0x07])
  }

  @Test("parts unpack from any multiple of 8")
  func parts() {
    let codes = (0..<100).map { UInt8($0 * 5 % 32) }
    let packed = PackedCodes(codes, bitWidth: 5)
    for range in [0..<100, 8..<100, 16..<33, 96..<96, 96..<97] {
      var part = [UInt8](repeating: 0, count: range.count)
      part.withUnsafeMutableBufferPointer { packed.unpack(range, into: $0) }
      #expect(part == Array(codes[range]))
    }
  }

  @Test("sizes that do not fit, bits after the end and widths that are none are refused")
  func hostile() {
    #expect(PackedCodes(bytes: [1, 2], count: 3, bitWidth: 6) == nil)
    #expect(PackedCodes(bytes: [0xFF], count: 1, bitWidth: 6) == nil)
    #expect(PackedCodes(bytes: [0x3F], count: 1, bitWidth: 6) != nil)
    #expect(PackedCodes(bytes: [], count: -1, bitWidth: 4) == nil)
    #expect(PackedCodes(bytes: [], count: 0, bitWidth: 9) == nil)
    #expect(PackedCodes(bytes: [], count: 0, bitWidth: 0) == nil)
    #expect(PackedCodes.byteCount(of: .max, bitWidth: 8) == Int.max)
    #expect(PackedCodes.byteCount(of: .max, bitWidth: 4) == Int.max / 2 + 1)
  }

  @Test(
    "encoding into packed codes and decoding them is fake quantization",
    arguments: ["nf4", "float6_e2m3fn", "int8"]
  )
  func packedConversion(name: String) throws {
    let codec = BulkCodec(try FormatCodec(FormatCatalog().format(named: name)))
    var numbers = TestNumbers(seed: 11)
    let values = numbers.floats(1000)
    let scales = BulkScales.channels([0.25, 0.3, 1, 7])
    let packed = codec.encodePacked(values, scales: scales)
    #expect(packed.bytes.count == 1000 * codec.codec.info.bitWidth / 8)
    #expect(codec.decode(packed, scales: scales) == codec.fakeQuantize(values, scales: scales))
  }
}
