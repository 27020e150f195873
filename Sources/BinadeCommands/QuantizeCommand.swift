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

      EXAMPLES
        binade quantize --format tf32 --input x.f32 --output y.f32
        binade quantize --format int8 --scale 0.05 --overflow saturate --input x.npy --output y.npy
      """
  )

  @OptionGroup var conversion: ConversionOptions
  @Option(help: "What one unit of the format is worth.") var scale: Float = 1
  @OptionGroup var formatOptions: FormatOptions

  func run() throws {
    guard scale.isFinite, scale > 0 else { throw ConversionError.invalidScale(found: scale) }
    let codec = try conversion.codec(formatOptions)
    let reader = try ArrayReader(conversion.input, types: [.float32])
    let writer = try ArrayWriter(conversion.output, type: .float32, shape: reader.shape)
    let bar = ProgressBar(total: reader.count, label: "quantizing")
    defer { bar.finish() }
    var nanCount = 0
    while let data = try reader.next(conversionChunk) {
      var values = ArrayReader.floats(data, as: Float.self)
      nanCount += values.count { $0.isNaN }
      for index in values.indices { values[index] /= scale }
      values.withUnsafeMutableBufferPointer { buffer in
        if let base = buffer.baseAddress {
          codec.roundTrip(UnsafeBufferPointer(buffer), into: base)
        }
      }
      for index in values.indices { values[index] *= scale }
      try values.withUnsafeBytes { try writer.append($0) }
      bar.advance(values.count)
    }
    if nanCount > 0, codec.reference.ladder.specials.nan == nil {
      throw ConversionError.nanWithoutCode(
        path: conversion.input,
        format: codec.info.name,
        count: nanCount
      )
    }
    try writer.finish()
  }
}
