import Bytes
import Wire

/// Lines of at most a thousand bytes (RFC 1413 §4), which end in CR LF, or in LF alone.
public class IdentLines: Protocol {
  final var kept = ByteBuffer()
  final var isConnected = false
  static var longest: Int { 1000 }

  /// A line without its end; called as long as reading goes on.
  func take(_ line: RawSpan, _ conn: Conn) {}

  public override func received(_ bytes: RawSpan, _ conn: Conn) {
    guard conn.isReading, kept.isEmpty else { return keep(bytes, conn) }
    let used = cut(bytes, conn)
    if used < bytes.byteCount { keep(bytes.extracting(droppingFirst: used), conn, isCut: true) }
  }

  public override func resumed(_ conn: Conn) {
    guard conn.isReading, !kept.isEmpty else { return }
    var buffer = kept.take()
    buffer.dropFirst(cut(buffer.bytes, conn))
    kept = buffer
  }

  func keep(_ bytes: RawSpan, _ conn: Conn, isCut: Bool = false) {
    guard !conn.isClosing else { return }
    guard kept.append(bytes, limit: conn.context.mostHeld) else { return conn.abort(.noMemory) }
    if !isCut { resumed(conn) }
  }

  /// Takes whole lines; how many bytes they had.
  func cut(_ bytes: RawSpan, _ conn: Conn) -> Int {
    var at = 0
    while at < bytes.byteCount, conn.isReading {
      let end = bytes.position(of: 10, from: at)
      guard end >= 0, end - at <= IdentLines.longest else {
        if end >= 0 || bytes.byteCount - at > IdentLines.longest {
          conn.close(Reason(.tooLong, text: "a line of more than 1000 bytes"))
        }
        break
      }
      let hasReturn = end > at && bytes.byte(end - 1) == 13
      take(bytes.extracting(at..<end - (hasReturn ? 1 : 0)), conn)
      at = end + 1
    }
    return conn.isClosing ? bytes.byteCount : at
  }

  public override func held(_ conn: Conn) -> Int { kept.count }
  public override func takeHeld() -> ByteBuffer { kept.take() }
}

extension RawSpan {
  /// Without the blanks and tabs around it.
  @_lifetime(copy self)
  func trimmed() -> RawSpan {
    var (first, last) = (0, byteCount)
    while first < last, byte(first) == 32 || byte(first) == 9 { first += 1 }
    while last > first, byte(last - 1) == 32 || byte(last - 1) == 9 { last -= 1 }
    return extracting(first..<last)
  }

  /// A number of at most nine digits, with a sign or without; nil when it is none.
  func integer() -> Int? {
    let text = trimmed()
    var at = text.byteCount > 0 && (text.byte(0) == UInt8(ascii: "-") || text.byte(0) == UInt8(ascii: "+")) ? 1 : 0
    let isNegative = at == 1 && text.byte(0) == UInt8(ascii: "-")
    guard text.byteCount > at, text.byteCount - at <= 9 else { return nil }
    var value = 0
    while at < text.byteCount {
      guard let digit = text.byte(at).digit else { return nil }
      value = value * 10 + digit
      at += 1
    }
    return isNegative ? -value : value
  }

  /// `port , port`; nil when it is no such pair.
  func ports() -> (first: Int, second: Int)? {
    let comma = position(of: UInt8(ascii: ","), from: 0)
    guard comma >= 0, position(of: UInt8(ascii: ","), from: comma + 1) < 0,
      let first = extracting(first: comma).integer(),
      let second = extracting(droppingFirst: comma + 1).integer()
    else { return nil }
    return (first, second)
  }
}

/// PLAIT_IDENT_ of ident.h.
public enum IdentFault: UInt32 {
  case invalidPort = 1, noUser, hiddenUser, unknownError, other

  var word: StaticString {
    switch self {
    case .invalidPort: "INVALID-PORT"
    case .noUser: "NO-USER"
    case .hiddenUser: "HIDDEN-USER"
    case .unknownError, .other: "UNKNOWN-ERROR"
    }
  }

  static func of(_ word: RawSpan) -> IdentFault {
    if word.isEqual("INVALID-PORT") { return .invalidPort }
    if word.isEqual("NO-USER") { return .noUser }
    if word.isEqual("HIDDEN-USER") { return .hiddenUser }
    return word.isEqual("UNKNOWN-ERROR") ? .unknownError : .other
  }
}
