import Bytes

/// What is in a CTCP DCC: an offer of a file or of a conversation, or a word about how to go on with a file. (There is no standard; this is
/// what clients send.)
public struct DCC {
  public enum Kind: UInt32 { case send, chat, resume, accept }
  public var kind = Kind.send
  public var name = Part()
  /// As it was sent; or, where that was a number, nothing, and the number.
  public var address = Part()
  public var number4: UInt32 = 0
  public var port: UInt32 = 0
  /// The size of a file, or where in it to go on.
  public var number: UInt64 = 0
  public var hasNumber = false
  public var token = Part()

  /// Nil: nothing that anybody could use.
  public init?(_ text: RawSpan) {
    var at = 0
    let word = DCC.field(text, &at)
    guard let known = DCC.kind(text.extracting(word.range)) else { return nil }
    kind = known
    name = DCC.field(text, &at)
    guard name.count > 0 else { return nil }
    if kind == .send || kind == .chat {
      guard setAddress(text, DCC.field(text, &at)) else { return nil }
    }
    guard let port = DCC.decimal(text.extracting(DCC.field(text, &at).range)), port <= 65535 else { return nil }
    self.port = UInt32(truncatingIfNeeded: port)
    if kind != .chat {
      if let number = DCC.decimal(text.extracting(DCC.field(text, &at).range)) {
        self.number = number
        hasNumber = true
      } else if kind != .send {
        return nil
      }
    }
    token = DCC.field(text, &at)
  }

  /// At most 45 bytes; none where the kind has no address.
  public func writtenAddress(_ text: RawSpan) -> [UInt8] {
    var made: [UInt8] = []
    guard kind == .send || kind == .chat else { return made }
    if address.count > 0 {
      made.append(text.extracting(address.range))
      return made
    }
    for shift in 0..<4 {
      if shift > 0 { made.append(UInt8(ascii: ".")) }
      made.append(decimal: UInt64(number4 >> UInt32(24 - 8 * shift) & 255))
    }
    return made
  }

  private static func kind(_ word: RawSpan) -> Kind? {
    let mapping = CaseMapping.ascii
    func isWord(_ name: StaticString) -> Bool {
      let bytes = name.utf8Bytes
      return mapping.isEqual(word, bytes.span.bytes)
    }
    if isWord("SEND") { return .send }
    if isWord("CHAT") { return .chat }
    if isWord("RESUME") { return .resume }
    return isWord("ACCEPT") ? .accept : nil
  }

  /// The next word, which may stand between quotation marks.
  private static func field(_ text: RawSpan, _ at: inout Int) -> Part {
    while at < text.byteCount, text.byte(at) == 32 { at += 1 }
    guard at < text.byteCount else { return Part(at, at) }
    var end = UInt8(ascii: " ")
    if text.byte(at) == UInt8(ascii: "\"") {
      end = UInt8(ascii: "\"")
      at += 1
    }
    let start = at
    let found = text.position(of: end, from: start)
    let stop = found < 0 ? text.byteCount : found
    at = min(stop + 1, text.byteCount)
    return Part(start, stop)
  }

  /// Digits alone, of a number that fits.
  private static func decimal(_ text: RawSpan) -> UInt64? {
    guard text.byteCount > 0, text.byteCount <= 19 else { return nil }
    var number: UInt64 = 0
    for index in 0..<text.byteCount {
      guard let digit = text.byte(index).digit else { return nil }
      number = number * 10 + UInt64(truncatingIfNeeded: digit)
    }
    return number
  }

  /// Four bytes as a number, dots between numbers, or IPv6.
  private mutating func setAddress(_ text: RawSpan, _ part: Part) -> Bool {
    let bytes = text.extracting(part.range)
    if let number = DCC.decimal(bytes) {
      number4 = UInt32(truncatingIfNeeded: number)
      return number <= UInt64(UInt32.max)
    }
    var marks = 0
    for index in 0..<bytes.byteCount {
      let byte = bytes.byte(index)
      if byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") {
        marks += 1
      } else if Runs.hexDigit(byte) == nil {
        return false
      }
    }
    address = part
    return marks > 1 && bytes.byteCount <= 45
  }
}
