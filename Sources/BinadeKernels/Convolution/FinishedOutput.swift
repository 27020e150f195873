/// Where the sums of a convolution go, and what is done to them on the way.
struct FinishedOutput {
  private let output: UnsafeMutablePointer<Float>
  private let epilogue: Epilogue
  private let addend: UnsafePointer<Float>?

  /// Elements of a pixel.
  var channels: Int { epilogue.scales.count }

  /// `output`, and `addend` if there is one: pixels x output channels.
  init(_ output: UnsafeMutablePointer<Float>, _ epilogue: Epilogue, _ addend: UnsafePointer<Float>?) {
    self.output = output
    self.epilogue = epilogue
    self.addend = addend
  }

  /// The output from a pixel on, counted through all images.
  func from(pixel: Int) -> FinishedOutput {
    let first = pixel * channels
    return FinishedOutput(output + first, epilogue, addend.map { $0 + first })
  }

  /// Finishes the sums of `pixels`.
  ///
  /// `rowStride`: elements between the sums of two pixels.
  func write<Sum: EpilogueSum>(_ sums: UnsafePointer<Sum>, rowStride: Int, pixels: Range<Int>) {
    let first = pixels.lowerBound * channels
    epilogue.finish(
      sums,
      rowStride: rowStride,
      rowCount: pixels.count,
      addend: addend.map { $0 + first },
      into: output + first
    )
  }
}
