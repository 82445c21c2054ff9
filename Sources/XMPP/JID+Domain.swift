import Bytes
import CIDN

/// The domain of an address: labels, each prepared by itself, or an IPv6 address in brackets.
extension JID {
  mutating func prepare(domain: RawSpan, _ status: inout Status) -> Int {
    guard status == .ok else { return 0 }
    let start = text.count
    var whole = domain
    if domain.byteCount > 2, domain.byte(0) == UInt8(ascii: "[") { return address(domain, &status) }
    if domain.byteCount > 1, JID.dot(domain, domain.byteCount - 1) == 1 {
      whole = domain.extracting(0..<domain.byteCount - 1)
    }
    guard whole.byteCount > 0 else {
      status = .value
      return 0
    }
    var at = 0
    while at <= whole.byteCount, status == .ok {
      var end = at
      while end < whole.byteCount, JID.dot(whole, end) == 0 { end += 1 }
      let label = whole.extracting(at..<end)
      guard label.byteCount > 0 else {
        status = .value
        return 0
      }
      let from = text.count
      _ = prepare(label, CIDN_NAME, &status)
      if status == .ok, !JID.isLabel(text.bytes.extracting(droppingFirst: from)) { status = .value }
      if end == whole.byteCount { break }
      put(UInt8(ascii: "."), &status)
      at = end + JID.dot(whole, end)
    }
    if status == .ok, text.count - start > JID.longestPart { status = .tooLong }
    return text.count - start
  }

  /// How many bytes a dot has here, 0 where there is none: RFC 3490 §3.1 knows four of them.
  static func dot(_ text: RawSpan, _ at: Int) -> Int {
    let byte = text.byte(at)
    if byte == UInt8(ascii: ".") { return 1 }
    guard byte == 0xe3 || byte == 0xef, at + 2 < text.byteCount else { return 0 }
    let next = UInt32(byte) << 16 | UInt32(text.byte(at + 1)) << 8 | UInt32(text.byte(at + 2))
    return next == 0xe38082 || next == 0xefbc8e || next == 0xefbda1 ? 3 : 0
  }

  /// Of ASCII, nothing but letters, digits and hyphens, and these not at the ends (STD 3).
  static func isLabel(_ label: RawSpan) -> Bool {
    guard label.byteCount > 0, label.byte(0) != 45, label.byte(label.byteCount - 1) != 45 else { return false }
    for index in 0..<label.byteCount {
      switch label.byte(index) {
      case 48...57, 97...122, 45, 0x80...0xff: break
      default: return false
      }
    }
    return true
  }

  mutating func address(_ domain: RawSpan, _ status: inout Status) -> Int {
    guard domain.byteCount <= 47, domain.byte(domain.byteCount - 1) == UInt8(ascii: "]"),
      domain.position(of: UInt8(ascii: ":"), from: 0) > 0
    else {
      status = .value
      return 0
    }
    for index in 1..<domain.byteCount - 1 {
      switch domain.byte(index) {
      case 48...58, 65...70, 97...102, 46: break
      default: status = .value
      }
    }
    return prepare(domain, CIDN_NAME, &status)
  }
}

extension RawSpan {
  var isASCII: Bool {
    var at = 0
    while at < byteCount {
      if byte(at) >= 0x80 { return false }
      at &+= 1
    }
    return true
  }
}

/// XEP-0106.
public enum Escaping {
  /// The character that a node can't have, by its place in the list.
  static func code(_ byte: UInt8) -> StaticString? {
    switch byte {
    case 32: "\\20"
    case 34: "\\22"
    case 38: "\\26"
    case 39: "\\27"
    case 47: "\\2f"
    case 58: "\\3a"
    case 60: "\\3c"
    case 62: "\\3e"
    case 64: "\\40"
    case 92: "\\5c"
    default: nil
    }
  }

  /// The character that is escaped here, or nil.
  static func character(_ text: RawSpan, _ at: Int) -> UInt8? {
    guard at + 2 < text.byteCount, text.byte(at) == 92 else { return nil }
    switch (text.byte(at + 1), text.byte(at + 2)) {
    case (50, 48): return 32
    case (50, 50): return 34
    case (50, 54): return 38
    case (50, 55): return 39
    case (50, 102), (50, 70): return 47
    case (51, 97), (51, 65): return 58
    case (51, 99), (51, 67): return 60
    case (51, 101), (51, 69): return 62
    case (52, 48): return 64
    case (53, 99), (53, 67): return 92
    default: return nil
    }
  }

  public static func escape(_ text: RawSpan, _ out: inout ByteBuffer) -> Status {
    let count = text.byteCount
    if count > 0, text.byte(0) == 32 || text.byte(count - 1) == 32 { return .value }
    guard count <= mostBytes / 4, out.reserve(count * 3, limit: mostBytes) else { return .noMemory }
    for at in 0..<count {
      let byte = text.byte(at)
      // A backslash stays one, unless it would read as an escape.
      if let code = code(byte), byte != 92 || character(text, at) != nil { out.put(code) } else { out.put(byte) }
    }
    return .ok
  }

  public static func unescape(_ text: RawSpan, _ out: inout ByteBuffer) -> Status {
    let count = text.byteCount
    guard out.reserve(count, limit: mostBytes) else { return .noMemory }
    var at = 0
    while at < count {
      if let character = character(text, at), character != 32 || (at > 0 && at + 3 < count) {
        out.put(character)
        at += 3
      } else {
        out.put(text.byte(at))
        at += 1
      }
    }
    return .ok
  }
}
