import Bytes

/// Tags as they go over the wire, `key=value;key;…`: IRCv3's message-tags.
public struct Tags: ~Escapable {
  let text: RawSpan
  var at = 0

  @_lifetime(copy text)
  public init(_ text: RawSpan) { self.text = text }

  /// The next one's key and value, the latter still escaped; nil at the end. One without a key is passed over.
  public mutating func next() -> (key: Part, value: Part)? {
    while at < text.byteCount {
      var end = text.position(of: UInt8(ascii: ";"), from: at)
      if end < 0 { end = text.byteCount }
      let start = at
      at = end &+ 1
      var middle = start
      while middle < end, text.byte(middle) != UInt8(ascii: "=") { middle &+= 1 }
      if middle > start { return (Part(start, middle), Part(min(middle &+ 1, end), end)) }
    }
    return nil
  }

  /// Where a key's value is; of several, the last one counts. Nil: there is no such key.
  public static func find(_ key: StaticString, in text: RawSpan) -> Part? {
    guard text.byteCount > 0 else { return nil }
    var tags = Tags(text)
    var found: Part?
    while let (name, value) = tags.next() { if text.extracting(name.range).isEqual(key) { found = value } }
    return found
  }

  public static func find(_ key: RawSpan, in text: RawSpan) -> Part? {
    var tags = Tags(text)
    var found: Part?
    while let (name, value) = tags.next() { if text.extracting(name.range).isEqual(key) { found = value } }
    return found
  }

  /// What an escaped value says.
  public static func unescape(_ value: RawSpan, into out: inout [UInt8]) {
    var at = 0
    while at < value.byteCount {
      let byte = value.byte(at)
      at &+= 1
      guard byte == UInt8(ascii: "\\") else {
        out.append(byte)
        continue
      }
      guard at < value.byteCount else { return }  // one alone at the end means nothing
      let escaped = value.byte(at)
      at &+= 1
      switch escaped {
      case UInt8(ascii: ":"): out.append(UInt8(ascii: ";"))
      case UInt8(ascii: "s"): out.append(32)
      case UInt8(ascii: "r"): out.append(13)
      case UInt8(ascii: "n"): out.append(10)
      default: out.append(escaped)
      }
    }
  }

  public static func escape(_ value: RawSpan, into out: inout [UInt8]) {
    for index in 0..<value.byteCount {
      let byte = value.byte(index)
      switch byte {
      case UInt8(ascii: ";"): out.append("\\:")
      case 32: out.append("\\s")
      case 13: out.append("\\r")
      case 10: out.append("\\n")
      case UInt8(ascii: "\\"): out.append("\\\\")
      default: out.append(byte)
      }
    }
  }

  /// `[+][vendor/]name`: letters, digits and hyphens, and what a host name has in the vendor.
  public static func isKey(_ key: RawSpan) -> Bool {
    var at = key.byteCount > 0 && key.byte(0) == UInt8(ascii: "+") ? 1 : 0
    let slash = key.position(of: UInt8(ascii: "/"), from: at)
    if slash >= 0 {
      guard slash > at else { return false }
      while at < slash {
        guard Tags.isLetter(key.byte(at)) || key.byte(at) == UInt8(ascii: ".") else { return false }
        at &+= 1
      }
      at = slash &+ 1
    }
    guard at < key.byteCount else { return false }
    while at < key.byteCount {
      guard Tags.isLetter(key.byte(at)) else { return false }
      at &+= 1
    }
    return true
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    byte.digit != nil || byte == UInt8(ascii: "-") || (byte | 32 >= 97 && byte | 32 <= 122)
  }
}
