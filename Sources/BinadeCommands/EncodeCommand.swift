import ArgumentParser
import Binade
import Foundation

/// Floats to codes.
struct EncodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Encode a file of float32 (or float64) into codes of a format.",
    discussion: """
      One code per element: 1 byte for formats of up to 8 bits, 2 up to 16, 4 up to 32, little-endian. Float64
      input (.f64, or .npy of '<f8') is rounded once, not through float32.

      With --packed, codes of up to 8 bits are written without gaps: code i takes bits i * width and up of a stream whose
      bit b is bit b % 8 of byte b / 8. Two 4-bit codes share a byte, the first in the low half; four 6-bit codes take
      three bytes. The last byte is filled with zero bits.

      Block formats need a file for the scales: the codes of blocks that lie along the last axis, one per block, a shared
      power of two 2^e as e + 127 (float8_e8m0fnu); those with float32 scales above them a file for these. A raw file is one
      row; the last block of a row may be short. 'quantize' writes the same files and the rounded values.

      \(StreamOptions.help)

      EXAMPLES
        binade encode --format float8_e4m3fn --input x.f32 --output y.bin
        binade encode --format float4_e2m1fn --packed --input x.f32 --output y.bin
        binade encode --format int4 --rounding towardZero --overflow saturate --input x.npy --output y.npy
        binade encode --format bfloat16 --rounding stochastic --random-bits 8 --seed 7 --input x.f32 --output y.bin
        binade encode --format nvfp4 --input x.npy --output codes.npy --scales scales.npy
        producer | binade encode --format float8_e5m2 --input - --output - | consumer
      """
  )

  @OptionGroup var conversion: ConversionOptions
  @OptionGroup var destination: OutputOption
  @Flag(help: "Write codes of up to 8 bits without gaps between them.") var packed = false
  @OptionGroup var blockFiles: BlockFileOptions
  @OptionGroup var blockScales: BlockScaleOptions
  @OptionGroup var stream: StreamOptions
  @OptionGroup var runOptions: RunOptions
  @OptionGroup var formatOptions: FormatOptions

  func run() throws {
    if case .block(let format) = try formatOptions.catalog().entry(named: conversion.format) {
      return try encode(toBlocks: format)
    }
    try blockFiles.refuse(for: conversion.format)
    try blockScales.refuse(for: conversion.format)
    if let stochastic = try conversion.stochasticConversion(formatOptions, limit: stream.limit) {
      return try stochastic.encode(
        to: destination.output,
        packedBitWidth: packedBitWidth(stochastic.codec.info)
      )
    }
    let codec = BulkCodec(try conversion.codec(formatOptions))
    let info = codec.codec.info
    let packedBitWidth = try packedBitWidth(info)
    let reader = try ArrayReader(conversion.input, types: [.float32, .float64], limit: stream.limit)
    let type = ElementType.code(bitWidth: info.bitWidth)
    let writer = try ArrayWriter(
      destination.output,
      apartFrom: [conversion.input],
      type: type,
      shape: reader.shape,
      packedBitWidth: packedBitWidth
    )
    let bar = ProgressBar(total: reader.count, label: "encoding")
    defer { bar.finish() }
    var missing = conversion.missingNaN(codec.codec)
    while let data = try reader.next(conversionChunk * max(1, runOptions.threads / 2)) {
      let piece = FloatPiece(data, type: reader.type)
      try missing.add(piece.nanCount, before: [writer])
      switch type {
      case .code8: try writer.append(codes: piece.codes(codec, threads: runOptions.threads) as [UInt8])
      case .code16: try writer.append(codes: piece.codes(codec, threads: runOptions.threads) as [UInt16])
      default: try writer.append(codes: piece.codes(codec, threads: runOptions.threads) as [UInt32])
      }
      bar.advance(piece.count)
    }
    try missing.check()
    try writer.finish()
  }

  private func encode(toBlocks format: BlockFormat) throws {
    guard !packed else {
      throw ValidationError("--packed is for formats of single elements; '\(format.name)' is a block format")
    }
    let scales = try blockFiles.scales(of: format, besides: destination.output)
    try BlockQuantization(
      codec: blockScales.codec(format, rounding: conversion.blockRounding(format)),
      input: conversion.input,
      limit: stream.limit,
      files: .codes(destination.output, scales: scales, outerScales: blockFiles.outerScales)
    ).run()
  }

  /// The width of packed codes; nil for whole bytes.
  private func packedBitWidth(_ info: FormatInfo) throws -> Int? {
    guard packed else { return nil }
    guard PackedCodes.bitWidths.contains(info.bitWidth) else {
      throw ValidationError(
        "--packed is for codes of up to 8 bits; those of '\(info.name)' have \(info.bitWidth) and are written whole"
      )
    }
    guard !destination.output.hasSuffix(".npy") else {
      throw ValidationError("--packed writes a bit stream, which .npy has no type for; name the output .bin")
    }
    return info.bitWidth
  }
}

extension ArrayWriter {
  /// Appends codes as they lie in memory.
  func append<Code: FixedWidthInteger>(codes: [Code]) throws {
    try codes.withUnsafeBytes { try append($0) }
  }
}
