import BinadeNumerics

/// The codes of scales as steps of the greatest magnitude of a block, under one outer scale.
struct BlockScaleSteps: Sendable {
  /// The bits of the magnitude from which on each code holds, ascending; a last entry that no number reaches.
  private let starts: [UInt32]
  private let codes: [UInt16]
  /// For the leading bits of a magnitude, the last step that starts at or below them.
  private let places: [UInt16]
  /// The code of a block with NaN or an infinity.
  private let nan: UInt16

  private static let shift: UInt32 = 19

  /// - Complexity: 32 calls of the codec for every code of the scale.
  init(_ codec: BlockCodec, outerScale: Float) {
    func code(_ magnitude: Float) -> UInt16 {
      UInt16(truncatingIfNeeded: codec.scaleCode(greatestMagnitude: magnitude, outerScale: outerScale))
    }
    let steps = MonotoneSteps.find(from: 0, to: MonotoneSteps.key(of: .greatestFiniteMagnitude)) {
      code(MonotoneSteps.value(ofKey: $0))
    }
    starts = steps.map { UInt32($0.key) } + [.max]
    codes = steps.map(\.value)
    nan = code(.nan)
    var (places, place) = ([UInt16](), 0)
    for bucket in 0..<Float.infinity.bitPattern >> Self.shift {
      while starts[place + 1] <= bucket << Self.shift { place += 1 }
      places.append(UInt16(place))
    }
    self.places = places
  }

  /// Calls `body` with a function from the bits of a magnitude to the code of the scale.
  @inline(__always)
  func withCodes(_ body: ((UInt32) -> UInt16) -> Void) {
    starts.withUnsafeBufferPointer { starts in
      codes.withUnsafeBufferPointer { codes in
        places.withUnsafeBufferPointer { places in
          body { magnitude in
            guard magnitude < Float.infinity.bitPattern else { return nan }
            var place = Int(places[Int(magnitude >> Self.shift)])
            while starts[place + 1] <= magnitude { place += 1 }
            return codes[place]
          }
        }
      }
    }
  }
}
