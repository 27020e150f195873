import ArgumentParser
import Binade
import Foundation

/// Floats to the values of a format.
struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Round a file of float32 (or float64) to the values of a format, at a scale.",
    discussion: """
      y = scale * round(x / scale), in float32. Float64 input (.f64, or .npy of '<f8') is divided in float64 and rounded
      once; the output is float32 all the same.

      Block formats find their scales themselves, from float32: blocks lie along the last axis of a .npy file, a raw file
      is one row. Their elements saturate. --codes and --scales keep the codes of elements and of scales (a shared power
      of two 2^e as e + 127), one scale per block, those of a row side by side; --outer-scales the float32 scales
      above them, one per row or one for all.

      \(StreamOptions.help)

      EXAMPLES
        binade quantize --format tf32 --input x.f32 --output y.f32
        binade quantize --format int4 --rounding stochastic --seed 7 --input x.npy --output y.npy
        binade quantize --format int8 --scale 0.05 --overflow saturate --input x.npy --output y.npy
        binade quantize --format mxfp4_e2m1 --scale-rule rceil --input x.npy --output y.npy
        binade quantize --format nvfp4 --scale-rule mse --input x.npy --output y.npy
        binade quantize --format mxfp4_e2m1 --input x.npy --codes elements.npy --scales scales.npy
      """
  )

  @OptionGroup var conversion: ConversionOptions
  @OptionGroup var files: QuantizedFileOptions
  @Option(help: "What one unit of the format is worth.") var scale: Float = 1
  @OptionGroup var blockScales: BlockScaleOptions
  @OptionGroup var stream: StreamOptions
  @OptionGroup var formatOptions: FormatOptions

  func run() throws {
    guard scale.isNormal, scale > 0 else { throw ConversionError.invalidScale(found: scale) }
    if case .block(let format) = try formatOptions.catalog().entry(named: conversion.format) {
      return try quantize(toBlocks: format)
    }
    try blockScales.refuse(for: conversion.format)
    if let stochastic = try conversion.stochasticConversion(formatOptions, limit: stream.limit) {
      return try stochastic.quantize(scale: scale, to: files)
    }
    let codec = BulkCodec(try conversion.codec(formatOptions))
    let reader = try ArrayReader(conversion.input, types: [.float32, .float64], limit: stream.limit)
    let outputs = try QuantizedElements(
      files,
      input: conversion.input,
      bitWidth: codec.codec.info.bitWidth,
      scale: scale,
      shape: reader.shape
    )
    let bar = ProgressBar(total: reader.count, label: "quantizing")
    defer { bar.finish() }
    var missing = conversion.missingNaN(codec.codec)
    while let data = try reader.next(conversionChunk) {
      let piece = FloatPiece(data, type: reader.type)
      try missing.add(piece.nanCount, before: outputs.writers)
      try quantize(piece, codec, to: outputs)
      bar.advance(piece.count)
    }
    try missing.check()
    try outputs.finish()
  }

  private func quantize(_ piece: FloatPiece, _ codec: BulkCodec, to outputs: QuantizedElements) throws {
    switch piece {
    case .singles(var values):
      if outputs.hasCodes { try outputs.append(codes: piece.codes(codec, scale: scale)) }
      values.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        codec.fakeQuantize(UnsafeBufferPointer(buffer), scales: .tensor(scale), into: base)
      }
      try outputs.append(values: values)
    case .doubles:
      let codes: [UInt32] = piece.codes(codec, scale: scale)
      try outputs.append(codes: codes)
      try outputs.append(values: codes.map { codec.codec.decode($0) * scale })
    }
  }

  private func quantize(toBlocks format: BlockFormat) throws {
    guard scale == 1 else {
      throw ValidationError(
        "--scale is for formats of single elements; '\(format.name)' finds its scales itself"
      )
    }
    try BlockQuantization(
      codec: blockScales.codec(format, rounding: conversion.blockRounding(format)),
      input: conversion.input,
      limit: stream.limit,
      files: files
    ).run()
  }
}
