/// Where the sums of a convolution go, and what is done to them on the way.
struct FinishedOutput {
  private enum Destination {
    case values(UnsafeMutablePointer<Float>)
    case codes(RequantizedOutput)
  }

  private let destination: Destination
  private let epilogue: Epilogue
  private let addend: UnsafePointer<Float>?

  /// Elements of a pixel.
  var channels: Int { epilogue.scales.count }

  /// `output`, and `addend` if there is one: pixels x output channels.
  init(_ output: UnsafeMutablePointer<Float>, _ epilogue: Epilogue, _ addend: UnsafePointer<Float>?) {
    self.init(.values(output), epilogue, addend)
  }

  /// `output`, and `addend` if there is one: pixels x output channels.
  init(_ output: RequantizedOutput, _ epilogue: Epilogue, _ addend: UnsafePointer<Float>?) {
    self.init(.codes(output), epilogue, addend)
  }

  private init(_ destination: Destination, _ epilogue: Epilogue, _ addend: UnsafePointer<Float>?) {
    (self.destination, self.epilogue, self.addend) = (destination, epilogue, addend)
  }

  /// The output from a pixel on, counted through all images.
  func from(pixel: Int) -> FinishedOutput {
    let first = pixel * channels
    let addend = addend.map { $0 + first }
    switch destination {
    case .values(let output): return FinishedOutput(output + first, epilogue, addend)
    case .codes(let output): return FinishedOutput(output.from(element: first), epilogue, addend)
    }
  }

  /// Whether ``write(_:rowStride:pixels:scratch:)`` needs scratch.
  var needsScratch: Bool {
    if case .codes = destination { true } else { false }
  }

  /// Finishes the sums of `pixels`.
  ///
  /// `rowStride`: elements between the sums of two pixels.
  /// `scratch`: as many elements as the results, if they become codes.
  func write<Sum: EpilogueSum>(
    _ sums: UnsafePointer<Sum>,
    rowStride: Int,
    pixels: Range<Int>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let first = pixels.lowerBound * channels
    func finish(into output: UnsafeMutablePointer<Float>) {
      epilogue.finish(
        sums,
        rowStride: rowStride,
        rowCount: pixels.count,
        addend: addend.map { $0 + first },
        into: output
      )
    }
    switch destination {
    case .values(let output):
      finish(into: output + first)
    case .codes(let output):
      finish(into: scratch)
      output.encode(UnsafeBufferPointer(start: scratch, count: pixels.count * channels), to: first)
    }
  }

  /// Replaces one result, after the epilogue.
  func replace(_ place: Int, with value: Float) {
    switch destination {
    case .values(let output): output[place] = value
    case .codes(let output):
      withUnsafePointer(to: value) { output.encode(UnsafeBufferPointer(start: $0, count: 1), to: place) }
    }
  }
}
