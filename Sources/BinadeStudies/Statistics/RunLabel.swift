/// What a run is called: its quantizers as on the command line, what goes without saying left out.
struct RunLabel {
  let text: String

  init(weights: String, activations: String, rest: [String?]) {
    func short(_ text: String, _ standard: String) -> String {
      text.hasSuffix(standard) ? String(text.dropLast(standard.count)) : text
    }
    let (one, two) = (short(weights, ":channel:mse"), short(activations, ":tensor:mse"))
    text = ([one == two ? one : "\(one)/\(two)"] + rest.compactMap { $0 }).joined(separator: ", ")
  }
}
