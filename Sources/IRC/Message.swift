import Bytes

/// Where something lies in a line.
public struct Part: BitwiseCopyable, Sendable {
  public var start: UInt32 = 0
  public var count: UInt32 = 0
  @inline(__always) public init() {}
  @inline(__always) public init(_ start: Int, _ end: Int) {
    self.start = UInt32(truncatingIfNeeded: start)
    count = UInt32(truncatingIfNeeded: end &- start)
  }
  @inline(__always) public var range: Range<Int> { Int(start)..<Int(start) &+ Int(count) }
  @inline(__always) public var isEmpty: Bool { count == 0 }
}

/// A message in its parts: `[@tags SP] [:source SP] command *(SP parameter)`, RFC 1459 section 2.3.1 and IRCv3's message-tags.
public struct Message {
  /// More than any server sends: what follows is part of the last one.
  @inline(__always) public static var most: Int { 32 }
  /// The bytes of a message without tags and CR LF; those of tags, with `@` and blank.
  @inline(__always) public static var longest: Int { 510 }
  @inline(__always) public static var longestTags: Int { 8191 }

  public var tags = Part()
  public var source = Part()
  public var command = Part()
  /// 1 to 999 where the command is three digits, else 0.
  public var numeric = 0
  public var count = 0
  public var hasSource = false
  /// Was the last parameter marked by a colon?
  public var hasTrailing = false
  public var parameters = InlineArray<32, Part>(repeating: Part())

  @inline(__always) public init() {}

  /// Cuts a line, of which a CR LF at the end is no part. False: there is no command in it. Nothing else is refused: a server may say what it
  /// likes, in any encoding.
  @inline(__always) public mutating func parse(_ line: RawSpan) -> Bool {
    var end = line.byteCount
    if end > 0, line.byte(end &- 1) == 10 { end &-= 1 }
    if end > 0, line.byte(end &- 1) == 13 { end &-= 1 }
    var at = 0
    tags = Part()
    source = Part()
    hasSource = false
    hasTrailing = false
    count = 0
    if at < end, line.byte(at) == UInt8(ascii: "@") {
      at = Message.word(line, from: 1, end)
      tags = Part(1, at)
      at = Message.skip(line, from: at, end)
    }
    if at < end, line.byte(at) == UInt8(ascii: ":") {
      let start = at &+ 1
      at = Message.word(line, from: start, end)
      source = Part(start, at)
      hasSource = true
    }
    at = Message.skip(line, from: at, end)
    let start = at
    at = Message.word(line, from: start, end)
    guard at > start else { return false }
    command = Part(start, at)
    numeric = at &- start == 3 ? Message.number(line, start) : 0
    at = Message.skip(line, from: at, end)
    while at < end {
      if line.byte(at) == UInt8(ascii: ":") || count == Message.most &- 1 {
        hasTrailing = line.byte(at) == UInt8(ascii: ":")
        parameters[count] = Part(hasTrailing ? at &+ 1 : at, end)
        count &+= 1
        return true
      }
      let start = at
      at = Message.word(line, from: start, end)
      parameters[count] = Part(start, at)
      count &+= 1
      at = Message.skip(line, from: at, end)
    }
    return true
  }

  /// Where a word ends: at a blank. (Words are short: a loop beats a call.)
  @inline(__always) static func word(_ line: RawSpan, from start: Int, _ end: Int) -> Int {
    var at = start
    while at < end, line.byte(at) != 32 { at &+= 1 }
    return at
  }
  @inline(__always) static func skip(_ line: RawSpan, from start: Int, _ end: Int) -> Int {
    var at = start
    while at < end, line.byte(at) == 32 { at &+= 1 }
    return at
  }
  @inline(__always) static func number(_ line: RawSpan, _ at: Int) -> Int {
    guard let hundreds = line.byte(at).digit, let tens = line.byte(at &+ 1).digit, let ones = line.byte(at &+ 2).digit
    else { return 0 }
    return hundreds &* 100 &+ tens &* 10 &+ ones
  }

  /// Where a line without a source begins, behind its tags.
  public var beginning: UInt32 { tags.isEmpty ? 0 : tags.start &+ tags.count &+ 1 }

  /// The parameter of that number in the line that was parsed, or nothing.
  @inline(__always) @_lifetime(copy line)
  public func parameter(_ index: Int, _ line: RawSpan) -> RawSpan {
    index >= 0 && index < count ? line.extracting(parameters[index].range) : line.extracting(0..<0)
  }
}

/// Who says something: `nick!user@host`, of which all but the first may be missing; or a server.
public struct Source {
  public var nick = Part()
  public var user = Part()
  public var host = Part()

  public init(_ source: RawSpan) {
    var at = 0
    let end = source.byteCount
    while at < end, source.byte(at) != UInt8(ascii: "!"), source.byte(at) != UInt8(ascii: "@") { at &+= 1 }
    nick = Part(0, at)
    if at < end, source.byte(at) == UInt8(ascii: "!") {
      let start = at &+ 1
      at = start
      while at < end, source.byte(at) != UInt8(ascii: "@") { at &+= 1 }
      user = Part(start, at)
    }
    if at < end { host = Part(at &+ 1, end) }
  }
}
