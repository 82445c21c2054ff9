import Bytes

/// Paths as a client sees them: "/a/b" from the user's root, by names alone.
enum Path {
  static var longest: Int { 4000 }

  /// What a client's words mean in a directory; nil where they lead above the root, have a NUL, or are too long.
  static func resolve(_ text: RawSpan, in directory: [UInt8]) -> [UInt8]? {
    guard text.byteCount <= longest, text.position(of: 0, from: 0) < 0 else { return nil }
    var path = text.byteCount > 0 && text.byte(0) == slash ? [slash] : directory
    var at = 0
    while at < text.byteCount {
      var end = text.position(of: slash, from: at)
      if end < 0 { end = text.byteCount }
      let name = text.extracting(at..<end)
      at = end + 1
      if name.byteCount == 0 || name.isEqual(".") { continue }
      if name.isEqual("..") {
        guard path.count > 1 else { return nil }
        path = parent(path)
      } else {
        append(name, to: &path)
      }
    }
    return path.count <= longest ? path : nil
  }

  static var slash: UInt8 { 47 }

  static func append(_ name: RawSpan, to path: inout [UInt8]) {
    if path.count > 1 { path.append(slash) }
    for index in 0..<name.byteCount { path.append(name.byte(index)) }
  }

  static func parent(_ path: [UInt8]) -> [UInt8] {
    let cut = path.lastIndex(of: slash) ?? 0
    return cut == 0 ? [slash] : Array(path[..<cut])
  }

  static func name(_ path: [UInt8]) -> [UInt8] {
    let cut = path.lastIndex(of: slash) ?? -1
    return Array(path[(cut + 1)...])
  }

  static func child(_ name: [UInt8], of directory: [UInt8]) -> [UInt8] {
    var path = directory
    append(name.span.bytes, to: &path)
    return path
  }

  static func isPattern(_ name: [UInt8]) -> Bool {
    name.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
  }
}
