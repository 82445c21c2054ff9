import Bytes
import Wire

/// A header of the PROXY protocol (HAProxy's specification, 2020/03/05): version 1 in text (§2.1), version 2 in binary (§2.2).
public struct ProxyHeader {
  /// Of the whole header: what comes behind is the client's.
  public var length = 0
  /// Who the client is, and what it connected to; nil: the socket's own addresses hold.
  public var ends: (source: Address, target: Address)?

  public enum Parsed {
    case header(ProxyHeader)
    /// So far it can still become one.
    case unfinished
    case failed(Reason)
  }

  /// The most that version 1 can have, and version 2.
  public static var longestText: Int { 107 }
  public static var longest: Int { 16 + 65535 }

  /// Looks at all that came so far. It costs no more than the part of the header that is there.
  public static func parse(_ bytes: RawSpan, longest: Int) -> Parsed {
    guard bytes.byteCount > 0 else { return .unfinished }
    return bytes.byte(0) == 0x0d ? parseBinary(bytes, longest) : parseText(bytes, longest)
  }

  static func bad(_ offset: Int, _ text: StaticString) -> Parsed {
    .failed(Reason(.malformed, offset: offset, text: text))
  }

  // MARK: Version 1

  static func parseText(_ bytes: RawSpan, _ longest: Int) -> Parsed {
    var words = Words(bytes)
    if let fault = words.expect("PROXY ") { return fault }
    let end = bytes.position(of: 13, from: 0)
    let most = min(longest, longestText)
    guard end >= 0, end + 1 < bytes.byteCount else {
      // The line may still go on; one that has a bare newline never ends well.
      if bytes.position(of: 10, from: 0) >= 0, end < 0 { return bad(0, "a PROXY header ends with CR LF") }
      return bytes.byteCount < most ? .unfinished : .failed(Reason(.tooLong, text: "the PROXY header does not end"))
    }
    guard end + 2 <= most else { return .failed(Reason(.tooLong, text: "the PROXY header is too long")) }
    guard bytes.byte(end + 1) == 10 else { return bad(end + 1, "a PROXY header ends with CR LF") }
    var header = ProxyHeader()
    header.length = end + 2
    words.end = end
    let family = words.next()
    if words.isWord(family, "UNKNOWN") { return .header(header) }
    let isIPv4 = words.isWord(family, "TCP4")
    guard isIPv4 || words.isWord(family, "TCP6") else { return bad(family.lowerBound, "an unknown family") }
    let (source, target) = (words.next(), words.next())
    guard let from = words.ip(source, isIPv4) else { return bad(source.lowerBound, "an address is expected") }
    guard let to = words.ip(target, isIPv4) else { return bad(target.lowerBound, "an address is expected") }
    let (sourcePort, targetPort) = (words.next(), words.next())
    guard let fromPort = words.port(sourcePort) else { return bad(sourcePort.lowerBound, "a port is expected") }
    guard let toPort = words.port(targetPort) else { return bad(targetPort.lowerBound, "a port is expected") }
    guard words.isAtEnd else { return bad(words.at, "the end of the line is expected") }
    header.ends = (Address(from, port: fromPort), Address(to, port: toPort))
    return .header(header)
  }

  /// The line of version 1, word by word, with one blank between two.
  struct Words: ~Escapable {
    let bytes: RawSpan
    var at = 0
    var end = 0
    @_lifetime(copy bytes) init(_ bytes: RawSpan) { self.bytes = bytes }

    /// Begins it so, as far as it has come? What is wrong, else nil.
    mutating func expect(_ word: StaticString) -> Parsed? {
      while at < word.utf8CodeUnitCount {
        guard at < bytes.byteCount else { return .unfinished }
        guard bytes.byte(at) == word.utf8Start[at] else { return bad(at, "no PROXY header") }
        at += 1
      }
      return nil
    }

    var isAtEnd: Bool { at > end }

    /// The next word, and over the blank behind it.
    mutating func next() -> Range<Int> {
      let start = min(at, end)
      var stop = start
      while stop < end, bytes.byte(stop) != 32 { stop += 1 }
      at = stop + 1
      return start..<stop
    }

    func isWord(_ range: Range<Int>, _ word: StaticString) -> Bool {
      guard range.count == word.utf8CodeUnitCount else { return false }
      for (index, place) in range.enumerated() where bytes.byte(place) != word.utf8Start[index] { return false }
      return true
    }

    func ip(_ range: Range<Int>, _ isIPv4: Bool) -> IP? {
      let word = bytes.extracting(range)
      let hasColon = word.position(of: UInt8(ascii: ":"), from: 0) >= 0
      return hasColon == !isIPv4 ? IP.parse(word) : nil
    }

    func port(_ range: Range<Int>) -> UInt16? {
      guard range.count > 0, range.count <= 5 else { return nil }
      if range.count > 1, bytes.byte(range.lowerBound) == 48 { return nil }
      var value = 0
      for place in range {
        guard let digit = bytes.byte(place).digit else { return nil }
        value = value * 10 + digit
      }
      return UInt16(exactly: value)
    }
  }
}
