import Bytes

/// What hides in the text of a message: `0x01 COMMAND[ argument] 0x01`.
public struct CTCP {
  public let command: Part
  public let argument: Part

  /// Nil: it is plain text. The last 0x01 may be missing, as it does in practice.
  public init?(_ text: RawSpan) {
    guard text.byteCount > 1, text.byte(0) == 1 else { return nil }
    let end = text.byte(text.byteCount - 1) == 1 ? text.byteCount - 1 : text.byteCount
    var at = 1
    while at < end, text.byte(at) != 32 { at += 1 }
    guard at > 1 else { return nil }
    command = Part(1, at)
    argument = Part(min(at + 1, end), end)
  }

  /// False: the words could not be told apart again, or not be sent.
  public static func make(_ command: RawSpan, _ argument: RawSpan, into out: inout [UInt8]) -> Bool {
    guard MessageBuilder.isMiddle(command), command.position(of: 1, from: 0) < 0, MessageBuilder.isLine(argument),
      argument.position(of: 1, from: 0) < 0
    else { return false }
    out.append(1)
    out.append(command)
    if argument.byteCount > 0 {
      out.append(32)
      out.append(argument)
    }
    out.append(1)
    return true
  }
}

/// The two quotings of the CTCP specification: what a line can't hold, and what a CTCP can't.
public enum Quoting: UInt8 {
  /// 0x10 before `0`, `n`, `r` and itself: NUL, LF, CR.
  case low
  /// A backslash before `a` and itself: 0x01.
  case ctcp

  public func quote(_ text: RawSpan, into out: inout [UInt8]) {
    for index in 0..<text.byteCount {
      let byte = text.byte(index)
      switch (self, byte) {
      case (.low, 0): out.append("\u{10}0")
      case (.low, 10): out.append("\u{10}n")
      case (.low, 13): out.append("\u{10}r")
      case (.low, 16): out.append("\u{10}\u{10}")
      case (.ctcp, 1): out.append("\\a")
      case (.ctcp, UInt8(ascii: "\\")): out.append("\\\\")
      default: out.append(byte)
      }
    }
  }

  public func unquote(_ text: RawSpan, into out: inout [UInt8]) {
    let mark = self == .low ? 16 : UInt8(ascii: "\\")
    var at = 0
    while at < text.byteCount {
      let byte = text.byte(at)
      at += 1
      guard byte == mark, at < text.byteCount else {
        // One alone at the end of a text means nothing.
        if byte != mark { out.append(byte) }
        continue
      }
      let quoted = text.byte(at)
      at += 1
      switch (self, quoted) {
      case (.low, UInt8(ascii: "0")): out.append(0)
      case (.low, UInt8(ascii: "n")): out.append(10)
      case (.low, UInt8(ascii: "r")): out.append(13)
      case (.ctcp, UInt8(ascii: "a")): out.append(1)
      default: out.append(quoted)
      }
    }
  }
}
