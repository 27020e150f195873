/// Text as HTML, SVG and Markdown have it: what comes from outside is text, not markup.
enum Markup {
  /// For elements and attributes of HTML and SVG.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.visible(keeping: "\n") {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }

  /// For a line of Markdown, cells of tables among them.
  static func markdown(_ text: String) -> String {
    var result = ""
    for character in text.visible() {
      if "\\`*_{}[]<>|#~".contains(character) { result += "\\" }
      result.append(character)
    }
    return result
  }
}
