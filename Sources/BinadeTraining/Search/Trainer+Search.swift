import BinadeQuantization

/// Training whose formats are searched.
extension Trainer {
  /// Whether formats are mixtures still.
  public var isSearching: Bool { quantized?.isSearching ?? false }

  /// Steps in which formats are searched; 0 where they are given.
  public var searchStepCount: Int { quantized?.search?.stepCount ?? 0 }

  /// The search as it stands; nil where formats are given.
  public var search: SearchReport? {
    guard let quantized, let search = quantized.search else { return nil }
    return SearchReport(
      layers: quantized.searchLayers,
      cost: search.model.cost(quantized.places).value,
      budget: search.budget,
      costModel: search.model.costModel,
      offset: search.frozen?.offset
    )
  }

  /// Chooses formats, once all steps of the search are done; nothing before, and after that.
  ///
  /// Throws ``TrainingError`` for a choice that cannot be quantized to.
  func chooseFormats() throws(TrainingError) {
    quantized?.step = stepCount
    quantized?.freezeWhenOver()
    if let failure = quantized?.failure { throw .quantization(reason: "\(failure)") }
  }
}
