import ArgumentParser
import Binade
import Foundation

/// Sizes as text: `512x512x64`.
enum BenchSizes {
  /// The numbers of `text`, as many as `names` has, at least `required` of them.
  ///
  /// Throws a sentence unless every one is 1 or more.
  static func numbers(_ text: String, option: String, names: [String], required: Int? = nil) throws -> [Int] {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    let expected = names.joined(separator: "x")
    guard ((required ?? names.count)...names.count).contains(parts.count) else {
      throw ValidationError(
        "\(option) '\(text)' has \(parts.count) number\(parts.count == 1 ? "" : "s"); expected \(expected)"
      )
    }
    let numbers = try zip(parts, names).map { part, name in
      guard let number = Int(part) else {
        throw ValidationError("\(option) '\(text)': '\(part)' is no whole number; expected \(expected)")
      }
      guard number >= 1 else {
        throw ValidationError("\(option) '\(text)': \(name) must be at least 1, found \(number)")
      }
      return number
    }
    // Each alone, so that sums and products of them can be formed before they are judged together.
    for number in numbers {
      try requireMemory(text, option: option, tensors: [[number]], work: [number])
    }
    return numbers
  }

  /// Refuses work whose tensors take more than an eighth of the memory of the machine, as the float32 twin, quantized
  /// and packed copies are there at the same time, and work that Int cannot count.
  ///
  /// `counts`: the sizes of each tensor; four bytes per element.
  /// `work`: the sizes whose product counts the multiply-accumulates.
  static func requireMemory(_ text: String, option: String, tensors: [[Int]], work: [Int]) throws {
    let allowed = ProcessInfo.processInfo.physicalMemory / 8
    let counts = tensors.map(product)
    let total = counts.reduce(UInt64?(0)) { sum, count in
      guard let sum, let count else { return nil }
      let (next, overflow) = sum.addingReportingOverflow(4 * UInt64(count))
      return overflow ? nil : next
    }
    guard let total, product(work) != nil, total <= allowed else {
      throw tooLarge(text, option: option, allowed: allowed)
    }
  }

  private static func tooLarge(_ text: String, option: String, allowed: UInt64) -> ValidationError {
    ValidationError(
      "\(option) '\(text)' is too large: its tensors must fit an eighth of the memory of this machine, "
        + "\(allowed >> 20) MiB"
    )
  }

  /// The product of `sizes`; nil when four times it is beyond Int.
  private static func product(_ sizes: [Int]) -> Int? {
    sizes.reduce(Int?(1)) { product, size in
      guard let product else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      return overflow || next > Int.max / 4 ? nil : next
    }
  }
}

/// The sizes of a matrix product.
struct MatrixSizes {
  let rows: Int
  let depth: Int
  let columns: Int

  init(_ text: String, option: String = "--shape") throws {
    let numbers = try BenchSizes.numbers(text, option: option, names: ["rows", "depth", "columns"])
    (rows, depth, columns) = (numbers[0], numbers[1], numbers[2])
    try requireMemory(text, option: option)
  }

  init(square size: Int) throws {
    guard size >= 1 else { throw ValidationError("--size must be at least 1, found \(size)") }
    (rows, depth, columns) = (size, size, size)
    try requireMemory("\(size)", option: "--size")
  }

  private func requireMemory(_ text: String, option: String) throws {
    try BenchSizes.requireMemory(
      text,
      option: option,
      tensors: [[rows, depth], [depth, columns], [rows, columns]],
      work: [rows, depth, columns]
    )
  }

  var name: String { "\(rows)x\(depth)x\(columns)" }
  var multiplyAccumulateCount: Int { rows * depth * columns }
}

/// A convolution of several images.
struct ConvolutionSizes {
  let shape: ConvolutionShape
  let batch: Int

  init(_ shape: ConvolutionShape, batch: Int) {
    self.shape = shape
    self.batch = batch
  }

  /// Reads `CHANNELSxHEIGHTxWIDTHxOUTPUTSxKERNEL[xSTRIDE[xPADDING]]`; without padding the output is as large as the
  /// input, at stride 1 and an odd kernel.
  init(_ text: String, batch: Int, groups: Int = 1) throws {
    var words = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    var padding: Int?
    // Only the padding may be 0.
    if words.count == 7 {
      guard let number = Int(words[6]), number >= 0 else {
        throw ValidationError("--shape '\(text)': padding must be at least 0, found '\(words[6])'")
      }
      padding = number
      words.removeLast()
    }
    let numbers = try BenchSizes.numbers(
      words.joined(separator: "x"),
      option: "--shape",
      names: ["channels", "height", "width", "outputs", "kernel", "stride"],
      required: 5
    )
    let (channels, outputs, kernel) = (numbers[0], numbers[3], numbers[4])
    guard channels.isMultiple(of: groups), outputs.isMultiple(of: groups) else {
      throw ValidationError(
        "--groups \(groups) must divide the \(channels) channels and the \(outputs) outputs of --shape '\(text)'"
      )
    }
    let (height, width) = (numbers[1], numbers[2])
    let rim = padding ?? kernel / 2
    guard rim < 1 << 20, kernel <= height + 2 * rim, kernel <= width + 2 * rim else {
      throw ValidationError(
        "--shape '\(text)': a kernel of \(kernel) does not fit \(height)x\(width) with padding \(rim)"
      )
    }
    let shape = ConvolutionShape(
      inputChannels: channels,
      inputHeight: height,
      inputWidth: width,
      outputChannels: outputs,
      kernelHeight: kernel,
      kernelWidth: kernel,
      stride: numbers.count > 5 ? numbers[5] : 1,
      padding: rim,
      groups: groups
    )
    try BenchSizes.requireMemory(
      text,
      option: "--shape",
      tensors: [
        [batch, channels, height + 2 * rim, width + 2 * rim],
        [batch, outputs, shape.outputHeight, shape.outputWidth],
        [outputs, channels / groups, kernel, kernel],
      ],
      work: [batch, outputs, shape.outputHeight, shape.outputWidth, channels / groups, kernel, kernel]
    )
    self.init(shape, batch: batch)
  }

  var name: String {
    let kernel = "\(shape.kernelHeight)x\(shape.kernelWidth)"
    let input = "\(shape.inputChannels)ch \(shape.inputHeight)x\(shape.inputWidth)"
    let stride = shape.stride > 1 ? " stride \(shape.stride)" : ""
    let groups =
      shape.isDepthwise ? ", depthwise" : shape.groups > 1 ? ", \(shape.groups) groups" : ""
    return "\(input) to \(shape.outputChannels)ch, \(kernel)\(stride)\(groups), batch \(batch)"
  }

  var multiplyAccumulateCount: Int { batch * shape.multiplyAccumulateCount }
}
