import BinadeNumerics

/// Files that people give as a model and that are none in safetensors, told by their first bytes.
public enum ForeignModelKind: String, Sendable, Hashable, CaseIterable {
  case zip, pickle, onnx, hdf5, gguf, gitLFS, html, json

  /// Recognizes a file by its first bytes; nil when it may be safetensors.
  ///
  /// `size`: the whole file's, for what only its header length tells apart.
  init?(of bytes: [UInt8], size: Int) {
    func starts(_ text: String) -> Bool { bytes.starts(with: text.utf8) }
    // A safetensors file begins with the size of its header, then '{'.
    let length = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    if bytes.count > 8, length < UInt64(size), bytes[8] == UInt8(ascii: "{") { return nil }
    if starts("PK\u{3}\u{4}") {
      self = .zip
    } else if bytes.count >= 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
      self = .pickle
    } else if bytes.starts(with: [0x89, 0x48, 0x44, 0x46]) {
      self = .hdf5
    } else if starts("GGUF") {
      self = .gguf
    } else if starts("version https://git-lfs") {
      self = .gitLFS
    } else if starts("<!") || starts("<html") || starts("<HTML") {
      self = .html
    } else if starts("{") {
      self = .json
    } else if bytes.count >= 3, bytes[0] == 0x08, (1...32).contains(bytes[1]),
      [0x12, 0x22, 0x3A].contains(bytes[2])
    {
      // The protocol buffer of ONNX: field 1, the version, then the producer's name, the domain or the graph.
      self = .onnx
    } else {
      return nil
    }
  }

  /// What the file is, and what to do about it.
  func sentence(file: String) -> String {
    let safetensors = file.split(separator: ".").dropLast().joined(separator: ".") + ".safetensors"
    let (from, to) = (
      Self.quoted(file), Self.quoted(safetensors.count > 12 ? safetensors : "model.safetensors")
    )
    switch self {
    case .zip, .pickle:
      let what =
        self == .zip
        ? "a ZIP archive, as torch.save writes it (.pt, .pth, .bin)"
        : "a Python pickle, as old PyTorch writes it"
      return """
        \(what); Binade reads safetensors. Three lines of Python convert it:
          import torch, safetensors.torch as st
          w = torch.load(\(from), map_location="cpu", weights_only=True)
          st.save_file({k: v.contiguous().clone() for k, v in w.get("state_dict", w).items()}, \(to))
        --architecture then names the network
        """
    case .onnx:
      return """
        an ONNX model; Binade reads safetensors. Three lines of Python convert its weights:
          import onnx, onnx.numpy_helper as nh, safetensors.numpy as st
          m = onnx.load(\(from))
          st.save_file({t.name: nh.to_array(t).copy() for t in m.graph.initializer}, \(to))
        --architecture then names the network; weights need the names that PyTorch gives them
        """
    case .hdf5: return "an HDF5 file (Keras); Binade reads safetensors"
    case .gguf: return "a GGUF file (llama.cpp); Binade reads safetensors"
    case .gitLFS: return "a Git LFS pointer, not the file itself; 'git lfs pull' fetches it"
    case .html: return "a web page, not a model; the download went wrong"
    case .json: return "a JSON file; of a sharded model, name one of its .safetensors files"
    }
  }

  /// A string literal of Python on one line.
  private static func quoted(_ text: String) -> String {
    var literal = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\", "\"": literal += "\\\(scalar)"
      case _ where PrintableText.isPrintable(scalar): literal.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        literal += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      }
    }
    return "\"\(literal)\""
  }
}
