import BinadeNumerics

/// A convolution of coded images with coded weights whose values are signed powers of 2^(1/2^f): exponents add.
///
/// ``LogarithmicProduct`` on the patches of a few images at a time.
///
/// - Error: each product is within half an ulp; one rounding per sum, in the order (kernel row, kernel column, channel);
///   then the roundings of the epilogue.
/// - Special values: NaN and infinities as in float32, on the rim as products with 0.
/// - Source: as ``LogarithmicProduct``.
package struct LogarithmicConvolution: Sendable {
  /// The sizes of one image.
  package let shape: ConvolutionShape
  private let product: LogarithmicProduct
  private let kernel: LogarithmicMicroKernel
  /// One right operand per group: depth x output channels.
  private let weights: [CodedMatrix]
  /// The code of the rim.
  private let zero: UInt32

  /// Rows of patches that are multiplied together.
  private static var blockRows: Int { 384 }

  /// Lays out weights.
  ///
  /// Throws `FormatError` as ``LogarithmicProduct/init(_:_:)``, and when images have a rim and their format no zero.
  ///
  /// - Shape: `weightCodes` is outputChannels x channels per group x kernelHeight x kernelWidth.
  /// - Precondition: codes are below 2^bitWidth.
  package init(
    shape: ConvolutionShape,
    activations: any NumericFormat,
    weights: any NumericFormat,
    weightCodes: [UInt32],
    features: CPUFeatures = .detected
  ) throws(FormatError) {
    precondition(
      weightCodes.count == shape.outputChannels * shape.depth,
      "\(weightCodes.count) weights for \(shape.outputChannels) channels of \(shape.depth)"
    )
    product = try LogarithmicProduct(activations, weights)
    kernel = KernelTable.logarithmic(for: features)
    self.shape = shape
    let zero = activations.codes.first { activations.decode(UInt32($0)) == 0 }
    guard zero != nil || shape.padding == 0 else {
      throw .invalidParameter(
        format: activations.name,
        parameter: "values",
        found: "no zero",
        allowed: "a zero for the rim of images"
      )
    }
    self.zero = UInt32(zero ?? 0)
    let taps = shape.kernelHeight * shape.kernelWidth
    self.weights = (0..<shape.groups).map { group in
      let columns = shape.groupOutputChannels
      let codes = (0..<shape.depth).flatMap { step in
        let position = step % shape.groupInputChannels * taps + step / shape.groupInputChannels
        return (0..<columns).map { weightCodes[(group * columns + $0) * shape.depth + position] }
      }
      return CodedMatrix(codes, rows: shape.depth, columns: columns)
    }
  }

  /// The kernel's name, for reports.
  package var kernelName: String { kernel.name }

  /// Computes all output channels of some images of codes of up to 8 bits.
  ///
  /// - Shape: `images` is imageCount x inputHeight x inputWidth x inputChannels; `output` and `addend` are imageCount x
  ///   outputHeight x outputWidth x outputChannels.
  /// - Complexity: O(``ConvolutionShape/multiplyAccumulateCount``); the patches of some hundred pixels in memory.
  /// - Precondition: codes are below 2^bitWidth.
  package func run(
    _ images: UnsafePointer<UInt8>,
    imageCount: Int = 1,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>? = nil,
    into output: UnsafeMutablePointer<Float>
  ) {
    runCodes(images, imageCount, epilogue, addend, output)
  }

  /// Computes all output channels of some images of codes of 9 to 16 bits.
  ///
  /// - Shape: as for codes of up to 8 bits.
  package func run(
    _ images: UnsafePointer<UInt16>,
    imageCount: Int = 1,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>? = nil,
    into output: UnsafeMutablePointer<Float>
  ) {
    runCodes(images, imageCount, epilogue, addend, output)
  }

  @inline(__always)
  private func runCodes<Code: FixedWidthInteger>(
    _ images: UnsafePointer<Code>,
    _ imageCount: Int,
    _ epilogue: Epilogue,
    _ addend: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let (rowCount, channels) = (imageCount * shape.outputPixelCount, shape.outputChannels)
    for first in stride(from: 0, to: rowCount, by: Self.blockRows) {
      let rows = first..<min(first + Self.blockRows, rowCount)
      var sums = [Float](repeating: 0, count: rows.count * channels)
      for (group, right) in weights.enumerated() {
        let part = product.multiply(patches(rows, of: images, group: group), right, kernel: kernel)
        let columns = right.columns
        for row in 0..<rows.count {
          for column in 0..<columns {
            sums[row * channels + group * columns + column] = part[row * columns + column]
          }
        }
      }
      epilogue.apply(
        sums,
        rowStride: channels,
        rowCount: rows.count,
        addend: addend.map { $0 + first * channels },
        into: output + first * channels
      )
    }
  }

  /// The patches under some output pixels, counted through all images, in the order (row, column, channel).
  @inline(__always)
  private func patches<Code: FixedWidthInteger>(
    _ rows: Range<Int>,
    of images: UnsafePointer<Code>,
    group: Int
  ) -> CodedMatrix {
    let (channels, depth) = (shape.groupInputChannels, shape.depth)
    let codes = [UInt32](unsafeUninitializedCapacity: rows.count * depth) { codes, count in
      guard var target = codes.baseAddress else { return }
      for row in rows {
        let (image, pixel) = row.quotientAndRemainder(dividingBy: shape.outputPixelCount)
        let top = pixel / shape.outputWidth * shape.stride - shape.padding
        let left = pixel % shape.outputWidth * shape.stride - shape.padding
        for y in top..<top + shape.kernelHeight {
          for x in left..<left + shape.kernelWidth {
            if y >= 0, y < shape.inputHeight, x >= 0, x < shape.inputWidth {
              let place = (image * shape.inputHeight + y) * shape.inputWidth + x
              let source = images + place * shape.inputChannels + group * channels
              for channel in 0..<channels { target[channel] = UInt32(source[channel]) }
            } else {
              target.update(repeating: zero, count: channels)
            }
            target += channels
          }
        }
      }
      count = rows.count * depth
    }
    return CodedMatrix(codes, rows: rows.count, columns: depth)
  }
}
