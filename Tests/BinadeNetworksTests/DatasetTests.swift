import BinadeNetworks
import Foundation
import Testing

@Suite struct DatasetTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  @Test("CIFAR-10: label, then red, green and blue planes")
  func cifar() throws {
    var bytes = Data()
    for record in 0..<3 {
      bytes.append(UInt8(record + 4))
      bytes.append(contentsOf: (0..<3072).map { UInt8(truncatingIfNeeded: $0 &+ record) })
    }
    let file = try scratch.write(bytes, as: "test_batch.bin")
    let data = try DatasetFolder(scratch.url)
    #expect(data.training == nil)
    #expect(data.evaluation.count == 3)
    #expect((0..<3).map { data.evaluation.label($0) } == [4, 5, 6])
    var image = [Float](repeating: 0, count: 3072)
    let normalization = Normalization(mean: [0, 0.5, 0], standardDeviation: [1, 0.25, 1])
    data.evaluation.copyImage(1, normalization: normalization, into: &image)
    #expect(image[0] == Float(1) / 255)
    #expect(image[1] == (Float(1) / 255 - 0.5) / 0.25)
    #expect(data.evaluation.prefix(2).count == 2)
    let slice = data.evaluation.slice(1..<3)
    #expect(slice.count == 2 && slice.label(0) == 5 && slice.label(1) == 6)
    var sliced = [Float](repeating: 0, count: 3072)
    slice.copyImage(0, normalization: normalization, into: &sliced)
    #expect(sliced == image)
    #expect(data.evaluation.slice(1..<1).count == 0)

    bytes[3073] = 10
    try bytes.write(to: file)
    #expect(
      throws: NetworkError.labelOutOfRange(
        file: file.relativePath,
        record: 1,
        label: 10,
        classCount: 10
      )
    ) { try CIFAR10.read([file], name: "x") }
    try bytes.dropLast().write(to: file)
    #expect(throws: NetworkError.self) { try CIFAR10.read([file], name: "x") }
    try Data().write(to: file)
    #expect(throws: NetworkError.self) { try CIFAR10.read([file], name: "x") }
  }

  @Test("CIFAR-100: a coarse label, a fine one that counts, then the planes")
  func cifar100() throws {
    func records(_ count: Int, fine: UInt8) -> Data {
      Data((0..<count).flatMap { [19, fine + UInt8($0)] + [UInt8](repeating: UInt8($0), count: 3072) })
    }
    _ = try scratch.write(records(4, fine: 90), as: "train.bin")
    let file = try scratch.write(records(2, fine: 98), as: "test.bin")
    let data = try DatasetFolder(scratch.url)
    #expect(data.training?.labels == [90, 91, 92, 93])
    #expect(data.evaluation.labels == [98, 99] && data.evaluation.classCount == 100)
    var image = [Float](repeating: 0, count: 3072)
    let normalization = Normalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1])
    data.evaluation.copyImage(1, normalization: normalization, into: &image)
    #expect(image.allSatisfy { $0 == Float(1) / 255 })
    try records(2, fine: 99).write(to: file)
    #expect(
      throws: NetworkError.labelOutOfRange(file: file.relativePath, record: 1, label: 100, classCount: 100)
    ) { try CIFAR100.read(file, name: "x") }
    try records(2, fine: 0).dropLast().write(to: file)
    #expect(throws: NetworkError.self) { try CIFAR100.read(file, name: "x") }
  }

  @Test("IDX: magic number, extents and size must agree")
  func idx() throws {
    func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    func message(images: [UInt8], labels: [UInt8]) throws -> String {
      let imageFile = try scratch.write(Data(images), as: "images")
      let labelFile = try scratch.write(Data(labels), as: "labels")
      do {
        let data = try MNIST.read(images: imageFile, labels: labelFile, name: "x")
        return "\(data.count) images of \(data.imageShape)"
      } catch {
        return "\(error)".components(separatedBy: ": ").dropFirst().joined(separator: ": ")
      }
    }
    let images = big(0x803) + big(2) + big(2) + big(3) + [UInt8](repeating: 9, count: 12)
    let labels = big(0x801) + big(2) + [1, 9]
    #expect(try message(images: images, labels: labels) == "2 images of 1×2×3")
    #expect(
      try message(images: images.dropLast(), labels: labels).hasPrefix("27 bytes for extents [2, 2, 3]")
    )
    #expect(
      try message(images: Array(images.prefix(10)), labels: labels).contains("the IDX header alone has 16")
    )
    #expect(try message(images: labels, labels: labels).contains("header alone"))
    #expect(
      try message(images: big(0x801) + images.dropFirst(4), labels: labels)
        .hasPrefix("the magic number is 0x801; expected 0x803")
    )
    #expect(try message(images: images, labels: big(0x801) + big(3) + [1, 2, 3]) == "3 labels for 2 images")
    #expect(
      try message(images: images, labels: big(0x801) + big(2) + [1, 10])
        == "record 1 has label 10; labels are 0 to 9"
    )
    let huge = big(0x803) + big(0xFFFF_FFFF) + big(0xFFFF_FFFF) + big(0xFFFF_FFFF)
    #expect(try message(images: huge, labels: labels).contains("truncated"))
  }

  @Test("a folder without a data set says what it expects")
  func nothing() throws {
    #expect(throws: NetworkError.noDataset(path: scratch.url.relativePath)) { try DatasetFolder(scratch.url) }
  }
}
