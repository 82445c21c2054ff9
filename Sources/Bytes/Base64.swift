/// Bytes as text in the standard alphabet, with padding: RFC 4648 section 4.
public enum Base64 {
  /// How many characters so many bytes take.
  public static func length(_ count: Int) -> Int { (count + 2) / 3 * 4 }

  public static func encode(_ bytes: RawSpan, into out: inout [UInt8]) {
    var at = 0
    while at < bytes.byteCount {
      let left = bytes.byteCount - at
      let first = bytes.byte(at)
      let second = left > 1 ? bytes.byte(at + 1) : 0
      let third = left > 2 ? bytes.byte(at + 2) : 0
      out.append(letter(first >> 2))
      out.append(letter(first << 4 & 0x30 | second >> 4))
      out.append(left > 1 ? letter(second << 2 & 0x3c | third >> 6) : UInt8(ascii: "="))
      out.append(left > 2 ? letter(third & 0x3f) : UInt8(ascii: "="))
      at += 3
    }
  }

  /// False, with some of it appended, when it is not the one text that `encode` makes of some bytes: no blanks, nothing without
  /// its padding, no bits behind the last byte.
  public static func decode(_ text: RawSpan, into out: inout [UInt8]) -> Bool {
    guard text.byteCount & 3 == 0 else { return false }
    var at = 0
    while at < text.byteCount {
      let isLast = at + 4 == text.byteCount
      guard let first = value(text.byte(at)), let second = value(text.byte(at + 1)) else { return false }
      out.append(first << 2 | second >> 4)
      if isLast, text.byte(at + 2) == UInt8(ascii: "=") {
        return text.byte(at + 3) == UInt8(ascii: "=") && second & 15 == 0
      }
      guard let third = value(text.byte(at + 2)) else { return false }
      out.append(second << 4 | third >> 2)
      if isLast, text.byte(at + 3) == UInt8(ascii: "=") { return third & 3 == 0 }
      guard let fourth = value(text.byte(at + 3)) else { return false }
      out.append(third << 6 | fourth)
      at += 4
    }
    return true
  }

  static func letter(_ value: UInt8) -> UInt8 {
    switch value {
    case 0..<26: return UInt8(ascii: "A") &+ value
    case 26..<52: return UInt8(ascii: "a") &+ (value &- 26)
    case 52..<62: return UInt8(ascii: "0") &+ (value &- 52)
    case 62: return UInt8(ascii: "+")
    default: return UInt8(ascii: "/")
    }
  }

  static func value(_ letter: UInt8) -> UInt8? {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): return letter &- UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): return letter &- UInt8(ascii: "a") &+ 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return letter &- UInt8(ascii: "0") &+ 52
    case UInt8(ascii: "+"): return 62
    case UInt8(ascii: "/"): return 63
    default: return nil
    }
  }
}
