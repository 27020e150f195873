import ArgumentParser
import Binade
import Foundation

/// Floats to the values of a format.
struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Round a file of float32 to the values of a format, at a scale.",
    discussion: """
      y = scale * round(x / scale), in float32: codes are not written.

      Block formats find their scales themselves: blocks lie along the last axis of a .npy file, a raw file is one
      row. Their elements saturate.

      EXAMPLES
        binade quantize --format tf32 --input x.f32 --output y.f32
        binade quantize --format int4 --rounding stochastic --seed 7 --input x.npy --output y.npy
        binade quantize --format int8 --scale 0.05 --overflow saturate --input x.npy --output y.npy
        binade quantize --format mxfp4_e2m1 --scale-rule rceil --input x.npy --output y.npy
      """
  )

  @OptionGroup var conversion: ConversionOptions
  @Option(help: "What one unit of the format is worth.") var scale: Float = 1
  @Option(help: "How block formats find a shared power of two: floor, ceil, rceil or even.")
  var scaleRule: ScaleRule?
  @OptionGroup var formatOptions: FormatOptions

  func run() throws {
    guard scale.isNormal, scale > 0 else { throw ConversionError.invalidScale(found: scale) }
    if case .block(let format) = try formatOptions.catalog().entry(named: conversion.format) {
      return try quantize(toBlocks: format)
    }
    guard scaleRule == nil else {
      throw ValidationError("--scale-rule is for block formats; '\(conversion.format)' is none")
    }
    if let stochastic = try conversion.stochasticConversion(formatOptions) {
      return try stochastic.quantize(scale: scale)
    }
    let codec = BulkCodec(try conversion.codec(formatOptions))
    let reader = try ArrayReader(conversion.input, types: [.float32])
    let writer = try ArrayWriter(
      conversion.output,
      apartFrom: [conversion.input],
      type: .float32,
      shape: reader.shape
    )
    let bar = ProgressBar(total: reader.count, label: "quantizing")
    defer { bar.finish() }
    var nanCount = 0
    while let data = try reader.next(conversionChunk) {
      var values = ArrayReader.floats(data, as: Float.self)
      nanCount += values.count { $0.isNaN }
      values.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        codec.fakeQuantize(UnsafeBufferPointer(buffer), scales: .tensor(scale), into: base)
      }
      try values.withUnsafeBytes { try writer.append($0) }
      bar.advance(values.count)
    }
    try conversion.requireCodesForNaN(nanCount, codec.codec)
    try writer.finish()
  }

  private func quantize(toBlocks format: BlockFormat) throws {
    guard let rounding = conversion.rounding.rule else {
      throw ValidationError(
        "--rounding stochastic is for formats of single elements; '\(format.name)' is a block format"
      )
    }
    guard scale == 1 else {
      throw ValidationError(
        "--scale is for formats of single elements; '\(format.name)' finds its scales itself"
      )
    }
    guard conversion.overflow == nil || conversion.overflow == .saturate, conversion.dialect == nil else {
      throw ValidationError(
        "--overflow and --dialect are for formats of single elements; those of '\(format.name)' saturate"
      )
    }
    let chosen = try scaleRule.map { rule throws(FormatError) in try format.replacing(scaleRule: rule) }
    try BlockQuantization(
      codec: BlockCodec(chosen ?? format, rounding: rounding),
      input: conversion.input,
      output: conversion.output
    ).run()
  }
}
